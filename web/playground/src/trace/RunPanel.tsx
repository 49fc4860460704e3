import { useState } from "react";
import { useRun } from "../runs";
import type { Cost } from "./model";
import { Totals } from "./Totals";
import { Waterfall } from "./Waterfall";
import { ms, plural } from "./words";

const meanings: Record<number, string> = { 200: "complete", 400: "refused", 422: "refused", 503: "nothing could be had" };

// RunPanel is under a result: how it came about, or how to find out.
export function RunPanel({ tab }: { tab: string }) {
  const run = useRun(tab);
  const [open, setOpen] = useState(true);
  if (!run) return <p className="run-hint">Run the query to see here how the gateway finds the answer.</p>;
  const partial = run.status === 294 || run.partial;
  const mood = partial ? "warn" : run.status === 200 ? "ok" : "bad";
  const meaning = partial ? "partial" : (meanings[run.status] ?? "");
  return (
    <section className="run" aria-label="How the answer was found">
      <header>
        <span className={`status ${mood}`}>{run.status} {meaning}{run.parts ? ` in ${plural(run.parts, "part")}` : ""}</span>
        <span>{run.trace ? `${ms(run.trace.duration_ms)} in the gateway, ` : ""}{ms(run.ms)} for the browser</span>
        {run.trace && <button type="button" onClick={() => setOpen(!open)} aria-expanded={open}>{open ? "Hide" : "Show"} the waterfall</button>}
      </header>
      {run.trace && <Totals trace={run.trace} />}
      {run.cost && <Costs cost={run.cost} />}
      {run.trace && open && <Waterfall trace={run.trace} />}
    </section>
  );
}

// Costs is what the gateway reckoned before it ran: how many calls to each
// service the operation takes at most, with nothing in any cache.
function Costs({ cost }: { cost: Cost }) {
  if (cost.services.length === 0) return null;
  const bound = cost.services.map((s) => `${s.service} ${s.assumed ? "about " : ""}${s.at_most}`).join(", ");
  const assumed = cost.services.some((s) => s.assumed);
  return <p className="cost" title={assumed ? "Lengths of lists are assumed: only the answers tell them." : undefined}>Calls at most, with nothing in the cache: {bound}</p>;
}
