import { config } from "../config";
import { authorization } from "../viewers";

interface Request { query: string; variables?: string; operationName?: string | null; headers?: string | null }

// curl is a command for a shell that sends what the playground would.
export async function curl({ query, variables, operationName, headers }: Request): Promise<string> {
  const body = { query, ...(operationName && { operationName }), ...(variables && { variables: json(variables) }) };
  const all = { "Content-Type": "application/json", ...(await authorization()), ...(headers && json(headers)) };
  return [
    `curl -s ${quote(new URL(config.endpoint, location.href).href)}`,
    ...Object.entries(all).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    `-d ${quote(JSON.stringify(body))}`,
  ].join(" \\\n  ");
}

function json(text: string): object {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
