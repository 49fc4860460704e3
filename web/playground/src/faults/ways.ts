import type { Rule } from "./api";

// The ways in which a service can be broken, as the panel offers them.
export type Way = "well" | "slow" | "fails" | "hangs" | "garbage" | "lost";

export const ways: { way: Way; label: string; hint: string }[] = [
  { way: "well", label: "Well", hint: "answers as ever" },
  { way: "slow", label: "Slow", hint: "holds each request up" },
  { way: "fails", label: "Fails", hint: "answers a share of requests with 503" },
  { way: "hangs", label: "Hangs", hint: "never answers" },
  { way: "garbage", label: "Garbage", hint: "answers 200 with what is not JSON" },
  { way: "lost", label: "Lost", hint: "executes a write, and closes the connection without an answer" },
];

// A Setting is how one service is broken; rate is a share, latency in milliseconds.
export interface Setting { way: Way; latency: number; rate: number }

export const well: Setting = { way: "well", latency: 400, rate: 1 };

export function rulesOf({ way, latency, rate }: Setting): Rule[] {
  switch (way) {
    case "well": return [];
    case "slow": return [{ route: "*", latency: `${latency}ms` }];
    case "fails": return [{ route: "*", error_rate: rate }];
    case "hangs": return [{ route: "*", hang: true }];
    case "lost": return [{ route: "*", lost: true }];
    case "garbage": return [{ route: "*", garbage: true }];
  }
}

// settingOf reads rules that this panel may have set, or somebody by hand.
export function settingOf(rules: Rule[] | null): Setting {
  const rule = rules?.[0];
  if (!rule) return well;
  if (rule.hang) return { ...well, way: "hangs" };
  if (rule.garbage) return { ...well, way: "garbage" };
  if (rule.lost) return { ...well, way: "lost" };
  if (rule.error_rate) return { ...well, way: "fails", rate: rule.error_rate };
  if (rule.latency) return { ...well, way: "slow", latency: milliseconds(rule.latency) };
  return well;
}

function milliseconds(duration: string): number {
  const [, n, unit] = /^([\d.]+)(ms|s)$/.exec(duration) ?? [];
  return n ? Number(n) * (unit === "s" ? 1000 : 1) : well.latency;
}
