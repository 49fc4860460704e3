import { useEffect, useRef, useState, type CSSProperties } from "react";
import { colourOf } from "../config";
import type { Row, Trace } from "./model";
import { detail, ms, note, title } from "./words";

// Waterfall draws each step of an answer on one line of time. The requests that failed, or
// else the first that the answer waited for, are in view.
export function Waterfall({ trace }: { trace: Trace }) {
  const [chosen, choose] = useState<number>();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    choose(undefined);
    const rows = (selector: string) => [...box.current!.querySelectorAll<HTMLElement>(selector)];
    const failed = rows(".attempt.bad");
    const wanted = failed.length > 0 ? failed : rows(".attempt.critical").slice(0, 1);
    const first = wanted[0], last = wanted.at(-1);
    const visible = !last || last.offsetTop + last.offsetHeight <= box.current!.clientHeight;
    box.current!.scrollTop = visible ? 0 : first!.offsetTop - 3 * first!.offsetHeight; // with the steps that led there
  }, [trace]);
  return (
    <div className="waterfall" ref={box}>
      <div className="wf-scale" aria-hidden="true">
        <span />
        <span className="wf-marks">{[0, 0.25, 0.5, 0.75].map((m) => <i key={m} style={{ left: `${m * 100}%` }}>{ms(m * trace.duration_ms)}</i>)}</span>
      </div>
      <ol aria-label="Steps of the answer">
        {trace.rows.map((row, i) => (
          <Line key={i} row={row} total={trace.duration_ms} chosen={chosen === i} choose={() => choose(chosen === i ? undefined : i)} />
        ))}
      </ol>
      {trace.dropped ? <p className="wf-more">and {trace.dropped} steps more</p> : null}
    </div>
  );
}

interface LineProps { row: Row; total: number; chosen: boolean; choose(): void }

function Line({ row, total, chosen, choose }: LineProps) {
  const share = (n: number) => `${Math.min(100, (100 * n) / Math.max(total, 0.001))}%`;
  const wrong = row.error ? "bad" : row.cache?.stale ? "warn" : "";
  const colour = colourOf(row.service);
  return (
    <li className={`wf-row ${row.step} ${row.critical ? "critical" : ""} ${wrong}`} title={title(row)} onClick={choose}>
      <button type="button" className="wf-name" style={{ "--depth": row.depth } as CSSProperties} aria-expanded={chosen}>
        {row.service && <i className="wf-dot" style={{ background: colour }} />}
        <span>{title(row)}</span>
      </button>
      <span className="wf-track"><b className="wf-bar" style={{ left: share(row.start_ms), width: share(row.duration_ms), background: colour }} /></span>
      <span className="wf-note"><b>{ms(row.duration_ms)}</b> <span>{note(row)}</span></span>
      {chosen && (
        <div className="wf-detail" onClick={(e) => e.stopPropagation()}>
          {[detail(row), row.attempt?.sent, row.attempt?.received].map((text) => text && <pre key={text}>{text}</pre>)}
        </div>
      )}
    </li>
  );
}
