// What the gateway breaks on purpose: see gateway/faultpanel.

export interface Rule {
  route: string;
  latency?: string;
  error_rate?: number;
  status?: number;
  hang?: boolean;
  garbage?: boolean;
  lost?: boolean;
}

export interface Broken {
  services: Record<string, Rule[] | null>;
  redis: { off: boolean } | null;
}

async function ask(path: string, init?: RequestInit) {
  const response = await fetch(path, { headers: { "Content-Type": "application/json" }, ...init });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response;
}

export const show = async (): Promise<Broken> => (await ask("/dev/faults")).json();
export const setRules = (service: string, rules: Rule[]) =>
  ask(`/dev/faults/${encodeURIComponent(service)}`, { method: "PUT", body: JSON.stringify(rules) });
export const cutRedis = (off: boolean) => ask("/dev/redis", { method: "PUT", body: JSON.stringify({ off }) });
export const forget = () => ask("/dev/cache", { method: "DELETE" });

const breakers = ["closed", "half-open", "open"] as const;
export type Breaker = (typeof breakers)[number];

// circuits tells whether each service is being asked.
export async function circuits(): Promise<Record<string, Breaker>> {
  const { samples } = await (await ask(`/status.json?since=${Date.now() - 6000}`)).json();
  const services: Record<string, { breaker: number }> = samples.at(-1)?.services ?? {};
  return Object.fromEntries(Object.entries(services).map(([name, s]) => [name, breakers[s.breaker] ?? "closed"]));
}
