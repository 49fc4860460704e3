import { useCallback, useEffect, useState } from "react";
import type { TypedDocumentString } from "./gql/graphql";
import { ask, type Answer } from "./graphql";

interface State<Data> {
  key: string; // the variables that this is the state of
  answer?: Answer<Data>; // the last one, also while a newer one is awaited
  at?: Date; // when it came
  loading: boolean;
  failure?: string; // why there is no newer one
}

// useAnswer asks when it is first used, when the variables change, and on refresh.
export function useAnswer<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables) {
  const key = JSON.stringify(variables);
  const [last, setState] = useState<State<Data>>({ key, loading: true });
  const [times, setTimes] = useState(0);
  const refresh = useCallback(() => setTimes((n) => n + 1), []);
  const state = last.key === key ? last : { key, loading: true };

  useEffect(() => {
    const leaving = new AbortController();
    setState((last) => ({ ...(last.key === key && last), key, loading: true }));
    ask(document, JSON.parse(key) as Variables, { signal: leaving.signal }).then(
      (answer) => setState({ key, answer, at: new Date(), loading: false }),
      (e: Error) => leaving.signal.aborted || setState((last) => ({ ...last, loading: false, failure: e.message })),
    );
    return () => leaving.abort();
  }, [document, key, times]);

  return { ...state, refresh };
}
