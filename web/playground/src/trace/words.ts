import type { Row, Trace } from "./model";

export function ms(n: number): string {
  return n >= 100 ? `${n.toFixed(0)} ms` : n >= 10 ? `${n.toFixed(1)} ms` : `${n.toFixed(2)} ms`;
}

export function size(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} kB`;
}

export function plural(n: number, thing: string): string {
  return n === 1 ? `1 ${thing}` : `${n} ${thing}s`;
}

// what a row is, besides its name: short, for beside the bar.
export function note(row: Row): string {
  const parts: string[] = [];
  const say = (n: number | undefined, text: string) => n && parts.push(`${n} ${text}`);
  if ((row.count ?? 0) > 1) parts.push(`×${row.count}`);
  if (row.cache) {
    say(row.cache.memory, "in memory");
    say(row.cache.redis, "in Redis");
    say(row.cache.stale, "stale");
    say(row.cache.miss, "missed");
    say(row.cache.coalesced, "loading already");
  } else if (row.key_count) {
    parts.push(plural(row.key_count, "key"));
  }
  if (row.attempt) {
    if (row.attempt.write) parts.push("write");
    if (row.attempt.kind !== "first") parts.push(row.attempt.kind);
    if (row.attempt.status) parts.push(String(row.attempt.status));
    if (row.attempt.bytes) parts.push(size(row.attempt.bytes));
  }
  if (row.error) parts.push(row.error.replaceAll("_", " "));
  if (row.open) parts.push("goes on");
  return parts.join(" · ");
}

// title is a row's name: what a request asked for, rather than its pattern.
export function title(row: Row): string {
  return row.attempt?.path ? `${row.attempt.method} ${row.attempt.path}` : row.name;
}

export function detail(row: Row): string {
  const keys = row.keys?.length ? `\nkeys: ${row.keys.join(", ")}${(row.key_count ?? 0) > row.keys.length ? ", …" : ""}` : "";
  return `${title(row)}\n${row.step}, ${ms(row.duration_ms)} from ${ms(row.start_ms)}${row.critical ? ", on the critical path" : ""}${keys}`;
}

// calls is the number of calls an answer took.
export function calls(trace: Trace): number {
  return Object.values(trace.totals.calls).reduce((sum, n) => sum + n, 0);
}
