import { useCallback, useEffect, useState } from "react";
import type { TypedDocumentString } from "./gql/graphql";
import { ask, type Answer } from "./graphql";

interface State<Data> {
  answer?: Answer<Data>; // the last one, also while a newer one is awaited
  loading: boolean;
  failure?: string;
}

// useAnswer asks when it is first used, when id changes, and on refresh.
export function useAnswer<Data>(document: TypedDocumentString<Data, { id: string }>, id: string) {
  const [state, setState] = useState<State<Data>>({ loading: true });
  const [times, setTimes] = useState(0);
  const refresh = useCallback(() => setTimes((n) => n + 1), []);

  useEffect(() => {
    const leaving = new AbortController();
    setState((last) => ({ ...last, loading: true }));
    ask(document, { id }, leaving.signal).then(
      (answer) => setState({ answer, loading: false }),
      () => leaving.signal.aborted || setState((last) => ({ ...last, loading: false, failure: "There is no connection to the gateway." })),
    );
    return () => leaving.abort();
  }, [document, id, times]);

  return { ...state, refresh };
}
