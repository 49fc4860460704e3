import { ago } from "./format";
import type { Answer, Part } from "./graphql";

// missing finds why something of a service is not in an answer, if it should be.
export function missing(answer: Answer<unknown>, service: string): Part | undefined {
  return answer.degraded.find((part) => part.service === service && part.reason !== "stale");
}

// stale finds how old what an answer has of a service is, if it is older than it should be.
export function stale(answer: Answer<unknown>, service: string): Part | undefined {
  return answer.degraded.find((part) => part.service === service && part.reason === "stale");
}

const reasons: Record<string, string> = {
  timeout: "did not answer in time",
  unavailable: "cannot be reached or fails",
  circuit_open: "has failed so often that it is not asked for a moment",
  invalid_response: "answered with something that makes no sense",
  overloaded: "is asked too much at the moment",
};

// Unavailable stands where a part of the page could not be had. It says of the rest only
// what the answer does.
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

// Stale marks what is shown though it may have changed.
export function Stale({ what, part }: { what?: string; part?: Part }) {
  if (!part) return null;
  return <span className="stale" role="status" title="It could not be brought up to date.">{what} as of {ago(part.age_seconds ?? 0)}</span>;
}
