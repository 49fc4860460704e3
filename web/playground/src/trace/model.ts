// The shape of extensions.trace, as gateway/waterfall documents it. Times are
// in milliseconds from when the request came in.

export type Kind = "step" | "resolver" | "load" | "cache" | "call" | "attempt";

export interface Span {
  name: string;
  kind: Kind;
  depth: number;
  start_ms: number;
  duration_ms: number;
  critical?: boolean;
  service?: string;
  keys?: string[];
  more_keys?: number;
  cache?: { memory?: number; redis?: number; stale?: number; miss?: number };
  method?: string;
  path?: string;
  status?: number;
  bytes?: number;
  retry?: number;
  hedge?: boolean;
  breaker?: string;
  error?: string;
}

export interface Trace {
  duration_ms: number;
  spans: Span[];
  dropped?: number;
  totals: {
    calls: Record<string, number>;
    bytes: number;
    cached: number;
  };
  second_run: { calls: number; saves_calls: number; saves_ms: number; saves_bytes: number };
  cost?: Record<string, number>;
}
