import { pick, useGraphiQL } from "@graphiql/react";
import { useEffect, useState } from "react";

// Plan shows what the operation in the editor would ask of the services, without running it.
export function Plan() {
  const { tabs, activeTabIndex } = useGraphiQL(pick("tabs", "activeTabIndex"));
  const { query, variables, operationName } = tabs[activeTabIndex]!;
  const [plan, setPlan] = useState("");
  useEffect(() => {
    const typed = new AbortController(); // something else, which makes this out of date
    const timer = setTimeout(() => explain({ query, variables, operationName }, typed.signal).then(setPlan, () => undefined), 300);
    return () => { clearTimeout(timer); typed.abort(); };
  }, [query, variables, operationName]);
  return <pre className="plan" tabIndex={0} aria-label="What the operation would ask of the services">{plan}</pre>;
}

interface Operation { query?: string | null; variables?: string | null; operationName?: string | null }

// explain asks for the text that the command of the same name prints.
async function explain({ query, variables, operationName }: Operation, signal: AbortSignal): Promise<string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(variables || "{}");
  } catch {
    return "The variables are not JSON.";
  }
  try {
    const response = await fetch("/dev/explain", {
      method: "POST", signal,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ query, variables: parsed, operationName: operationName ?? "" }),
    });
    return await response.text();
  } catch (e) {
    if (signal.aborted) throw e;
    return "There is no connection to the gateway.";
  }
}
