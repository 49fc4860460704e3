import { useState } from "react";
import type { Row, Trace } from "./model";
import { detail, ms, note, title } from "./words";

// Each service has its colour, by its place among those that took part.
function colours(trace: Trace): Map<string, string> {
  const services = [...new Set(trace.rows.map((r) => r.service).filter((s) => s !== undefined))].sort();
  return new Map(services.map((s, i) => [s, `var(--s${i % 5})`]));
}

// Waterfall draws each step of an answer on one line of time.
export function Waterfall({ trace }: { trace: Trace }) {
  const [chosen, choose] = useState<number>();
  const colour = colours(trace);
  const marks = [0, 0.25, 0.5, 0.75];
  return (
    <div className="waterfall" role="table" aria-label="How the answer was found">
      <div className="wf-scale" aria-hidden="true">
        <span />
        <span className="wf-marks">{marks.map((m) => <i key={m} style={{ left: `${m * 100}%` }}>{ms(m * trace.duration_ms)}</i>)}</span>
        <span />
      </div>
      {trace.rows.map((row, i) => (
        <Line key={i} row={row} total={trace.duration_ms} colour={colour.get(row.service ?? "")} chosen={chosen === i} choose={() => choose(chosen === i ? undefined : i)} />
      ))}
      {trace.dropped ? <p className="wf-more">and {trace.dropped} steps more</p> : null}
    </div>
  );
}

interface LineProps { row: Row; total: number; colour?: string; chosen: boolean; choose(): void }

function Line({ row, total, colour, chosen, choose }: LineProps) {
  const share = (n: number) => `${Math.min(100, (100 * n) / Math.max(total, 0.001))}%`;
  const wrong = row.error ? "bad" : row.cache?.stale ? "warn" : "";
  return (
    <div role="row" className={`wf-row ${row.step} ${row.critical ? "critical" : ""} ${wrong}`} title={detail(row)}>
      <button type="button" role="cell" className="wf-name" style={{ paddingLeft: `${0.3 + row.depth * 0.8}rem` }} onClick={choose} aria-expanded={chosen}>
        {row.service && <i className="wf-dot" style={{ background: colour }} />}
        {title(row)}
      </button>
      <span role="cell" className="wf-track" onClick={choose}>
        <b className="wf-bar" style={{ left: share(row.start_ms), width: share(row.duration_ms), background: colour }} />
      </span>
      <span role="cell" className="wf-note"><b>{ms(row.duration_ms)}</b> {note(row)}</span>
      {chosen && <pre role="cell" className="wf-detail">{detail(row)}</pre>}
    </div>
  );
}
