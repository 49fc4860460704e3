import type { Answer, Part } from "./graphql";

// partOf finds what an answer says of one service.
export function partOf(answer: Answer<unknown>, service: string): Part | undefined {
  return answer.degraded.find((part) => part.service === service);
}

// Unavailable stands where a part of the page could not be had.
export function Unavailable({ what }: { what: string }) {
  return <p className="unavailable" role="status">{what} are unavailable right now. The rest of the page is up to date.</p>;
}

// Stale marks what is shown though it may have changed.
export function Stale({ part }: { part?: Part }) {
  if (part?.reason !== "stale") return null;
  return <span className="stale" role="status" title="It could not be brought up to date.">as of {ago(part.age_seconds ?? 0)}</span>;
}

function ago(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s ago` : `${Math.round(seconds / 60)} min ago`;
}
