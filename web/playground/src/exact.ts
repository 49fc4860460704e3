// JSON that keeps every digit: a price of 0.10 stays 0.10, and 9007199254740993 itself.

interface Source { source?: string }
type Reviver = (key: string, value: unknown, context?: Source) => unknown;
const raw = (JSON as unknown as { rawJSON?: (text: string) => unknown }).rawJSON;

// parse is JSON.parse; numbers that a float would write otherwise become raw
// JSON, which JSON.stringify writes as it came. Browsers that know no raw JSON round.
export function parse(text: string): any {
  if (!raw) return JSON.parse(text);
  const exact: Reviver = (_, value, context) =>
    typeof value === "number" && context?.source !== undefined && String(value) !== context.source ? raw(context.source) : value;
  return JSON.parse(text, exact as (key: string, value: unknown) => unknown);
}
