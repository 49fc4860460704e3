import type { Fetcher, FetcherParams } from "@graphiql/toolkit";
import { config } from "./config";
import { parse } from "./exact";
import { boundaryOf, parts } from "./multipart";
import { runs, type Told } from "./runs";
import { authorization } from "./viewers";

const accept = "multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json;q=0.9";

// fetcher asks the gateway, keeps every digit of the answer, and puts what the
// gateway tells of the way there aside for the panel under the result.
export const fetcher: Fetcher = async (params, opts) => {
  const schema = params.operationName === "IntrospectionQuery";
  const run = schema ? undefined : runs.begin();
  let response: Response;
  let text = "";
  try {
    response = await fetch(config.endpoint, {
      method: "POST",
      headers: { ...headersFor(schema), ...(await authorization()), ...opts?.headers },
      body: JSON.stringify(bodyOf(params)),
    });
    const boundary = boundaryOf(response.headers.get("Content-Type") ?? "");
    if (boundary && response.body) return stream(response.body, boundary, (told) => run?.end(response, told));
    text = await response.text();
  } catch {
    run?.end(undefined);
    return message("There is no connection to the gateway. Is it running?");
  }
  const answer = read(text, response);
  run?.end(response, take(answer));
  return answer;
};

function headersFor(schema: boolean): Record<string, string> {
  const trace: Record<string, string> = config.trace && !schema ? { "Tributary-Trace": "1", "Tributary-Cost": "1" } : {};
  return { "Content-Type": "application/json", Accept: accept, ...trace };
}

// GraphiQL finds the operation's name a moment after the tab has changed: a name
// that is not in the document is that of another tab.
function bodyOf({ query, operationName, variables }: FetcherParams) {
  const known = operationName && new RegExp(`\\b${operationName}\\b`).test(query);
  return { query, operationName: known ? operationName : undefined, variables };
}

async function* stream(body: ReadableStream<Uint8Array>, boundary: string, end: (told: Told) => void) {
  const told: Told = { parts: 0 };
  for await (const part of parts(body, boundary)) {
    const answer = parse(part);
    Object.assign(told, take(answer));
    if (answer.data !== undefined || answer.incremental) told.parts!++; // the last may only tell of the others
    for (const { errors } of [answer, ...(answer.incremental ?? [])]) told.partial ||= Boolean(errors);
    yield answer;
  }
  end(told);
}

function read(text: string, response: Response) {
  try {
    return parse(text);
  } catch {
    const type = response.headers.get("Content-Type")?.split(";")[0] ?? "nothing";
    return message(`Something between this page and the gateway answered with ${response.status} and ${type}, which is no GraphQL response.`);
  }
}

const message = (text: string) => ({ errors: [{ message: text }] });

// take removes trace and cost from an answer: the panel shows them better than JSON does.
function take(answer: any): Told {
  const { trace, cost } = answer?.extensions ?? {};
  if (trace) delete answer.extensions.trace;
  if (cost) delete answer.extensions.cost;
  if (answer?.extensions && Object.keys(answer.extensions).length === 0) delete answer.extensions;
  return { ...(trace && { trace }), ...(cost && { cost }) };
}
