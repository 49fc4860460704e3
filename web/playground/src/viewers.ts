import { config } from "./config";

// Sample viewers, whose tokens a gateway in development signs at /dev/viewers.
export interface Viewer { name: string; sub: string; scopes?: string[]; token: string; expires: string }

let viewer: Viewer | undefined;

export async function viewers(): Promise<Viewer[]> {
  if (!config.viewers) return [];
  return (await (await fetch("/dev/viewers")).json()).viewers;
}

// signIn makes what is run from now on a viewer's, or nobody's.
export function signIn(as?: Viewer): void {
  viewer = as;
}

// authorization is the header of the viewer who is signed in, with a token that is valid.
export async function authorization(): Promise<Record<string, string>> {
  if (viewer && Date.parse(viewer.expires) < Date.now() + 60_000) viewer = (await viewers()).find((v) => v.sub === viewer!.sub) ?? viewer;
  return viewer ? { Authorization: `Bearer ${viewer.token}` } : {};
}
