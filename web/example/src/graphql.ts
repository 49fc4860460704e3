import type { TypedDocumentString } from "./gql/graphql";

// A Part is something of an answer that is missing, or older than it should be.
export interface Part {
  service: string;
  reason: string; // "stale", or why it is missing
  age_seconds?: number; // of a stale part
}

export interface GraphQLError {
  message: string;
  path?: (string | number)[];
  extensions?: {
    code?: string;
    service?: string;
    outcome?: "not_executed" | "unknown"; // of a mutation: whether the service has made the change
    problem?: { title?: string; detail?: string; errors?: { detail: string; pointer: string }[] };
  };
}

// An Answer has what there is. What could not be had is null in data.
export interface Answer<Data> {
  data: Data | null;
  errors: GraphQLError[];
  degraded: Part[];
  status: number;
}

// NoAnswer is thrown when the gateway has not answered: nothing has, or something between
// it and this page did.
export class NoAnswer extends Error {}

const patience = 15_000; // milliseconds; the gateway gives up long before

// Request headers of every operation. After a mutation the gateway hands out
// Tributary-Seen; with it, other gateways show the change too.
export const headers: Record<string, string> = {
  "Content-Type": "application/json",
  Accept: "application/graphql-response+json, application/json;q=0.9",
};

export interface Options { signal?: AbortSignal; headers?: Record<string, string> }

// ask sends one operation to the gateway. It throws NoAnswer, or the reason of signal.
export async function ask<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables, options: Options = {}): Promise<Answer<Data>> {
  const timeout = AbortSignal.timeout(patience);
  try {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { ...headers, ...options.headers },
      body: JSON.stringify({ query: document.toString(), variables }),
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
    });
    if (!/^application\/([\w.-]+\+)?json\b/.test(response.headers.get("Content-Type") ?? "")) {
      throw new NoAnswer(`Something between this page and the gateway answered with ${response.status}.`);
    }
    const { data = null, errors = [], extensions } = await response.json();
    headers["Tributary-Seen"] = response.headers.get("Tributary-Seen") ?? headers["Tributary-Seen"] ?? "";
    if (!headers["Tributary-Seen"]) delete headers["Tributary-Seen"];
    return { data, errors, degraded: extensions?.degraded ?? [], status: response.status };
  } catch (e) {
    if (e instanceof NoAnswer || options.signal?.aborted) throw e;
    throw new NoAnswer(timeout.aborted ? "The gateway does not answer." : "There is no connection to the gateway.");
  }
}
