import { useState } from "react";
import { config } from "../config";
import { useRun, type Run } from "../runs";
import { Handle, useHeight } from "./Handle";
import type { Cost } from "./model";
import { Plan } from "./Plan";
import { Totals } from "./Totals";
import { Waterfall } from "./Waterfall";
import { ms, plural } from "./words";

const meanings: Record<number, string> = {
  200: "complete", 294: "partial", 400: "refused", 401: "not signed in", 413: "too large", 415: "refused", 422: "refused", 429: "too much", 503: "nothing could be had",
};

type View = "waterfall" | "headers" | "plan";

// RunPanel is under a result: how it came about, or how to find out.
export function RunPanel({ tab }: { tab: string }) {
  const run = useRun(tab);
  const [view, show] = useState<View | undefined>(config.trace ? "waterfall" : "headers");
  const { height, resize } = useHeight();
  const views: [View, string, boolean][] = [["waterfall", "Waterfall", Boolean(run)], ["headers", "Headers", Boolean(run)], ["plan", "Plan", config.explain]];
  const shown = run || view === "plan" ? view : undefined;
  return (
    <section className={`run ${run?.old ? "old" : ""}`} aria-label="How the answer was found" aria-busy={run?.old} style={shown && { height }}>
      {shown && <Handle height={height} resize={resize} />}
      <div className="run-top">
        {run ? <Outcome run={run} /> : <span>Run the query to see here how the gateway finds the answer.</span>}
        <span className="views">
          {views.map(([name, label, there]) => there && (
            <button key={name} type="button" aria-pressed={shown === name} onClick={() => show(shown === name ? undefined : name)}>{label}</button>
          ))}
        </span>
      </div>
      {run?.trace && <Totals trace={run.trace} />}
      {run?.cost && <Costs cost={run.cost} />}
      {shown === "waterfall" && (run!.trace ? <Waterfall trace={run!.trace} /> : <p className="run-hint">{whyNoTrace(run!)}</p>)}
      {shown === "headers" && <Headers headers={run!.headers} />}
      {shown === "plan" && <Plan key={tab} />}
    </section>
  );
}

function Outcome({ run }: { run: Run }) {
  const partial = run.status === 294 || run.partial;
  const mood = partial ? "warn" : run.status === 200 ? "ok" : "bad";
  const meaning = partial ? "partial" : (meanings[run.status] ?? "");
  return (
    <>
      <span className={`status ${mood}`}>{run.status ? `${run.status} ${meaning}` : "no answer"}{run.parts ? ` in ${plural(run.parts, "part")}` : ""}</span>
      <span>{run.trace ? `${ms(run.trace.duration_ms)} in the gateway, ` : ""}{ms(run.ms)} until shown{run.old && "; running again…"}</span>
    </>
  );
}

function whyNoTrace({ status }: Run) {
  if (!config.trace) return <>The gateway tells how it found an answer where <code>BFF_GRAPHQL_TRACE=true</code> is set, as in <code>tributary dev</code>.</>;
  return status ? "This answer came without a trace: it was refused before it was executed." : "Nothing answered.";
}

function Headers({ headers }: { headers: Run["headers"] }) {
  return <dl className="run-headers" tabIndex={0} aria-label="Headers of the response">{headers.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

// Costs is what the gateway reckoned before it ran: how many calls to each
// service the operation takes at most, with nothing in any cache.
function Costs({ cost }: { cost: Cost }) {
  if (cost.services.length === 0) return null;
  const bound = cost.services.map((s) => `${s.service} ${s.assumed ? "about " : ""}${s.at_most}`).join(", ");
  const assumed = cost.services.some((s) => s.assumed);
  return <p className="cost" title={assumed ? "Lengths of lists are assumed: only the answers tell them." : undefined}>Calls at most, with nothing in the cache: {bound}</p>;
}
