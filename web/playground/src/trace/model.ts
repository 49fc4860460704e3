// The shape of extensions.trace: see gateway/waterfall. Times are in
// milliseconds from the beginning of the first step.

export type Step = "operation" | "parse" | "validate" | "execute" | "resolve" | "batch" | "cache" | "redis" | "refresh" | "call" | "attempt";

export interface Row {
  step: Step;
  name: string;
  depth: number;
  start_ms: number;
  duration_ms: number;
  open?: boolean;
  critical?: boolean;
  error?: string;
  service?: string;
  count?: number;
  key_count?: number;
  keys?: string[];
  cache?: { memory?: number; redis?: number; stale?: number; miss?: number; coalesced?: number };
  attempt?: { kind: string; method: string; path: string; status?: number; bytes?: number; write?: boolean; sent?: string; received?: string };
}

// Cost is extensions.cost: see gateway/lookahead.
export interface Cost {
  services: { service: string; keys: number; at_most: number; at_least: number; assumed: boolean }[];
}

export interface Trace {
  duration_ms: number;
  rows: Row[];
  dropped?: number;
  kept?: boolean; // the whole response was in the response cache
  totals: { calls: Record<string, number>; attempts: number; bytes: number; found: number; missed: number };
  second_run: { saved_calls: number; saved_bytes: number; saved_ms: number };
}
