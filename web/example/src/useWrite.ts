import { useCallback, useEffect, useRef, useState } from "react";
import type { TypedDocumentString } from "./gql/graphql";
import { ask, type Answer, type GraphQLError } from "./graphql";

// What is known of a write. Unknown is the state that a page must not hide: the service
// may have made the change.
export type Write =
  | { state: "idle" | "sending" | "done" }
  | { state: "refused"; message: string; fields: Record<string, string> } // it was not made
  | { state: "unknown"; asking: boolean; why?: string }; // why the last attempt settled nothing

// useWrite sends a mutation, which writes to a service, with an Idempotency-Key. As long as
// its outcome is unknown, it asks again with the same key, which the service executes once:
// after 1, 2 and 4 seconds, and then whenever again is called. Done is called when the change
// was made.
export function useWrite<Data, Variables>(document: TypedDocumentString<Data, Variables>, service: string, done: (data: Data) => void) {
  const [write, setWrite] = useState<Write>({ state: "idle" });
  const last = useRef<Sent<Variables>>(undefined);
  const leaving = useRef(new AbortController());
  useEffect(() => {
    leaving.current = new AbortController();
    return () => leaving.current.abort();
  }, []);

  const again = useCallback(async () => {
    const sent = last.current!;
    for (const wait of [1000, 2000, 4000, 0]) {
      const { write, data } = await once(document, service, sent);
      if (leaving.current.signal.aborted) return;
      if (write.state !== "unknown") {
        setWrite(write);
        if (data) done(data);
        return;
      }
      sent.unknown = true;
      setWrite({ ...write, asking: wait > 0 });
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }, [document, service, done]);

  const send = useCallback((variables: Variables) => {
    last.current = { variables, key: newKey(), unknown: false };
    setWrite({ state: "sending" });
    return again();
  }, [again]);

  // A page that is closed takes the key with it: the browser asks first.
  const unknown = write.state === "unknown";
  useEffect(() => {
    if (!unknown) return;
    const stay = (e: BeforeUnloadEvent) => e.preventDefault();
    addEventListener("beforeunload", stay);
    return () => removeEventListener("beforeunload", stay);
  }, [unknown]);

  return {
    write, send, sent: last.current?.variables,
    again: useCallback(() => { setWrite({ state: "unknown", asking: true }); void again(); }, [again]),
    reset: useCallback(() => { last.current = undefined; setWrite({ state: "idle" }); }, []),
  };
}

// Sent is a write that was sent. It is unknown once the outcome of an attempt was.
interface Sent<Variables> { variables: Variables; key: string; unknown: boolean }

async function once<Data, Variables>(document: TypedDocumentString<Data, Variables>, service: string, { variables, key, unknown }: Sent<Variables>): Promise<{ write: Write; data?: Data }> {
  let answer: Answer<Data>;
  try {
    answer = await ask(document, variables, { headers: { "Idempotency-Key": key } });
  } catch {
    return { write: { state: "unknown", asking: true } }; // it may have arrived
  }
  // An error below the mutation's field is one of a read: the change was made.
  const error = answer.errors.find(({ path = [] }) => path.length < 2);
  if (!error && answer.data) return { write: { state: "done" }, data: answer.data };
  if (error && (unknown ? settles(error, service) : notExecuted(error, answer.status))) return { write: refused(error) };
  return { write: { state: "unknown", asking: true, why: unknown ? error?.message : undefined } };
}

// notExecuted reports whether an error says that this attempt was not executed.
function notExecuted({ extensions }: GraphQLError, status: number): boolean {
  return (extensions?.outcome ?? (status >= 400 && status < 500 ? "not_executed" : "unknown")) === "not_executed";
}

// settles reports whether the error of an attempt says of earlier ones, with the same key,
// that they were not executed either: if the service of the write has looked at the key and
// refuses the change. Anything else, such as a sign-in that has ended or too many requests,
// is said of this attempt alone.
function settles({ extensions }: GraphQLError, service: string): boolean {
  return extensions?.outcome === "not_executed" && extensions.code === "UPSTREAM_REJECTED" && extensions.service === service && extensions.problem !== undefined;
}

// refused has what a form shows: a message for each field, by the last name of its pointer.
function refused({ message, extensions }: GraphQLError): Write {
  const { problem } = extensions ?? {};
  const fields = Object.fromEntries((problem?.errors ?? []).map((e) => [e.pointer.split("/").at(-1), e.detail]));
  return { state: "refused", message: problem?.detail ?? message, fields };
}

// newKey works without TLS too, where there is no crypto.randomUUID.
function newKey(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(18))));
}
