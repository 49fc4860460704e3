import { useCallback, useEffect, useRef, useState } from "react";
import type { TypedDocumentString } from "./gql/graphql";
import { ask, type Answer, type GraphQLError } from "./graphql";

// What is known of a write. Unknown is the state that a page must not hide: the service
// may have made the change.
export type Write =
  | { state: "idle" | "sending" | "done" }
  | { state: "refused"; message: string; fields: Record<string, string> } // it was not made
  | { state: "unknown"; asking: boolean };

// useWrite sends a mutation with an Idempotency-Key. As long as its outcome is unknown, it
// asks again with the same key, which the service executes once: after 1, 2 and 4 seconds,
// and then whenever again is called. Done is called when the change was made.
export function useWrite<Data, Variables>(document: TypedDocumentString<Data, Variables>, done: (data: Data) => void) {
  const [write, setWrite] = useState<Write>({ state: "idle" });
  const last = useRef<{ variables: Variables; key: string }>(undefined);
  const leaving = useRef(new AbortController());
  useEffect(() => {
    leaving.current = new AbortController();
    return () => leaving.current.abort();
  }, []);

  const again = useCallback(async () => {
    const { variables, key } = last.current!;
    for (const wait of [1000, 2000, 4000, 0]) {
      const { write, data } = await once(document, variables, key);
      if (leaving.current.signal.aborted) return;
      if (write.state !== "unknown") {
        setWrite(write);
        if (data) done(data);
        return;
      }
      setWrite({ state: "unknown", asking: wait > 0 });
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }, [document, done]);

  const send = useCallback((variables: Variables) => {
    last.current = { variables, key: newKey() };
    setWrite({ state: "sending" });
    return again();
  }, [again]);

  return {
    write, send, sent: last.current?.variables,
    again: useCallback(() => { setWrite({ state: "unknown", asking: true }); void again(); }, [again]),
    reset: useCallback(() => setWrite({ state: "idle" }), []),
  };
}

async function once<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables, key: string): Promise<{ write: Write; data?: Data }> {
  let answer: Answer<Data>;
  try {
    answer = await ask(document, variables, { headers: { "Idempotency-Key": key } });
  } catch {
    return { write: { state: "unknown", asking: true } }; // it may have arrived
  }
  // An error below the mutation's field is one of a read: the change was made.
  const error = answer.errors.find(({ path = [] }) => path.length < 2);
  if (!error && answer.data) return { write: { state: "done" }, data: answer.data };
  const outcome = error?.extensions?.outcome ?? (error && answer.status >= 400 && answer.status < 500 ? "not_executed" : "unknown");
  return { write: outcome === "unknown" ? { state: "unknown", asking: true } : refused(error!) };
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
