import type { TypedDocumentString } from "./gql/graphql";

// A Part is something of an answer that is missing, or older than it should be.
export interface Part {
  service: string;
  reason: string; // "stale", or why it is missing
  age_seconds?: number; // of a stale part
}

// An Answer has what there is. What could not be had is null in data.
export interface Answer<Data> {
  data: Data | null;
  errors: { message: string; path?: (string | number)[] }[];
  degraded: Part[];
}

// ask sends one operation to the gateway. It throws only when there is no answer.
export async function ask<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables, signal: AbortSignal): Promise<Answer<Data>> {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json, application/json;q=0.9" },
    body: JSON.stringify({ query: document.toString(), variables }),
    signal,
  });
  const { data = null, errors = [], extensions } = await response.json();
  return { data, errors, degraded: extensions?.degraded ?? [] };
}
