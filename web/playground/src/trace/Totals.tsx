import type { Trace } from "./model";
import { calls, ms, plural, size } from "./words";

// Totals says what an answer took, and what the next one would save.
export function Totals({ trace }: { trace: Trace }) {
  const n = calls(trace);
  const again = trace.totals.attempts - n;
  const { saved_calls, saved_bytes, saved_ms } = trace.second_run;
  return (
    <ul className="totals">
      <li><b>{n === 0 ? "no calls" : plural(n, "call")}</b>
        {n > 0 && <span>{Object.entries(trace.totals.calls).sort().map(([service, k]) => `${service} ${k}`).join(", ")}</span>}</li>
      {again > 0 && <li className="warn"><b>{again}</b><span>retries and hedges</span></li>}
      {n > 0 && <li><b>{size(trace.totals.bytes)}</b><span>from services</span></li>}
      {trace.kept ? <li><b>the whole response</b><span>from the cache</span></li> : <li><b>{plural(trace.totals.found, "key")}</b><span>from the cache</span></li>}
      {saved_calls > 0 && <li className="saves"><b>a second run</b><span>saves {plural(saved_calls, "call")}, {size(saved_bytes)}{saved_ms >= 0.01 && ` and about ${ms(saved_ms)}`}</span></li>}
    </ul>
  );
}
