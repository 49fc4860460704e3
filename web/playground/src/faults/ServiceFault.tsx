import { useState } from "react";
import type { Breaker } from "./api";
import { ways, type Setting } from "./ways";

interface Props {
  service: string;
  setting: Setting;
  breaker?: Breaker;
  change(setting: Setting): void;
}

// ServiceFault says how one service is to behave.
export function ServiceFault({ service, setting, breaker, change }: Props) {
  return (
    <fieldset className={`fault ${setting.way === "well" ? "" : "broken"}`}>
      <legend>
        {service}
        {breaker && <span className={`circuit ${breaker}`}>circuit {breaker}</span>}
      </legend>
      <div className="ways">
        {ways.map(({ way, label, hint }) => (
          <label key={way} title={hint}>
            <input type="radio" name={`fault-${service}`} checked={setting.way === way} onChange={() => change({ ...setting, way })} />
            <span>{label}</span>
          </label>
        ))}
      </div>
      {setting.way === "slow" && (
        <Slider label={`Delay of ${service}`} min={50} max={3000} step={50} value={setting.latency}
          text={(ms) => `${ms} ms`} set={(latency) => change({ ...setting, latency })} />
      )}
      {setting.way === "fails" && (
        <Slider label={`Share of requests to ${service} that fail`} min={0.1} max={1} step={0.1} value={setting.rate}
          text={(rate) => `${Math.round(rate * 100)} %`} set={(rate) => change({ ...setting, rate })} />
      )}
    </fieldset>
  );
}

interface SliderProps { label: string; min: number; max: number; step: number; value: number; text(v: number): string; set(v: number): void }

// Slider tells of a value when it is let go, not at every step on the way.
function Slider({ label, min, max, step, value, text, set }: SliderProps) {
  const [now, setNow] = useState(value);
  const tell = () => now !== value && set(now);
  return (
    <div className="slider">
      <input type="range" aria-label={label} {...{ min, max, step }} value={now} aria-valuetext={text(now)}
        onChange={(e) => setNow(Number(e.target.value))} onPointerUp={tell} onKeyUp={tell} />
      <output>{text(now)}</output>
    </div>
  );
}
