import { useGraphiQLActions } from "@graphiql/react";
import { useCallback, useEffect, useState } from "react";
import { circuits, cutRedis, forget, setRules, show, type Breaker, type Broken } from "./api";
import { ServiceFault } from "./ServiceFault";
import { rulesOf, settingOf, well, type Setting } from "./ways";

// FaultPanel breaks services, Redis and the cache, and runs the query to watch.
export function FaultPanel() {
  const [broken, setBroken] = useState<Broken>();
  const [state, setState] = useState<Record<string, Breaker>>({});
  const [problem, setProblem] = useState("");
  const { run } = useGraphiQLActions();

  // then does one thing and shows what is broken now.
  const then = useCallback(async (act?: () => Promise<unknown>) => {
    try {
      await act?.();
      setBroken(await show());
      setProblem("");
    } catch (e) {
      setProblem(`The gateway does not let this be broken: ${(e as Error).message}`);
    }
  }, []);

  useEffect(() => void then(), [then]);
  useEffect(() => {
    const look = () => circuits().then(setState, () => undefined);
    look();
    const timer = setInterval(look, 1500);
    return () => clearInterval(timer);
  }, []);

  const services = Object.entries(broken?.services ?? {});
  const change = (service: string, setting: Setting) => then(() => setRules(service, rulesOf(setting)));
  const heal = () => then(async () => {
    await Promise.all(services.map(([service]) => setRules(service, rulesOf(well))));
    if (broken?.redis?.off) await cutRedis(false);
  });

  return (
    <section className="faults" aria-label="Break it and watch">
      <h2>Break it and watch</h2>
      <p>Break a service, run a query, and see under the result what retries, circuits and the cache make of it.</p>
      {services.map(([service, rules]) => (
        <ServiceFault key={service} service={service} breaker={state[service]} setting={settingOf(rules)} change={(s) => change(service, s)} />
      ))}
      <fieldset className={`fault ${broken?.redis?.off ? "broken" : ""}`}>
        <legend>cache</legend>
        {broken?.redis ? (
          <label className="check">
            <input type="checkbox" checked={broken.redis.off} onChange={(e) => then(() => cutRedis(e.target.checked))} /> Redis is away
          </label>
        ) : (
          <p>In memory only. With <code>BFF_REDIS_URL</code> set, Redis can be cut off here.</p>
        )}
        <button type="button" className="graphiql-button" onClick={() => then(forget)}>Forget everything cached</button>
      </fieldset>
      <div className="actions">
        <button type="button" className="graphiql-button" onClick={() => then(forget).then(run)}>Run past the cache</button>
        <button type="button" className="graphiql-button" onClick={heal}>Heal everything</button>
      </div>
      <p role="status">{problem}</p>
    </section>
  );
}
