import { ago } from "./format";
import type { Answer, Part } from "./graphql";

// missing finds why something of a service is not in an answer, if it should be.
export function missing(answer: Answer<unknown>, service: string): Part | undefined {
  return answer.degraded.find((part) => part.service === service && part.reason !== "stale");
}

// stale returns the stale part of a response that is from a service, if there is one.
export function stale(answer: Answer<unknown>, service: string): Part | undefined {
  return answer.degraded.find((part) => part.service === service && part.reason === "stale");
}

const reasons: Record<string, string> = {
  timeout: "did not respond in time",
  unavailable: "cannot be reached or fails",
  circuit_open: "is temporarily disabled after repeated failures",
  invalid_response: "returned an invalid response",
  overloaded: "is overloaded",
};

// Unavailable replaces a part of the page whose data are missing. It calls the rest complete
// only if the response does.
export function Unavailable({ what, service, answer }: { what: string; service: string; answer: Answer<unknown> }) {
  const reason = reasons[missing(answer, service)?.reason ?? ""];
  const complete = answer.degraded.every((part) => part.service === service);
  return (
    <p className="unavailable" role="status">
      {what} unavailable right now{reason && `: the ${service} service ${reason}`}.
      {complete && " The rest of the page is up to date."}
    </p>
  );
}

// Stale marks data that may have changed since.
export function Stale({ what, part }: { what?: string; part?: Part }) {
  if (!part) return null;
  return <span className="stale" role="status" title="It could not be brought up to date.">{what} as of {ago(part.age_seconds ?? 0)}</span>;
}
