import { headers } from "./graphql";

export interface Viewer { name: string; sub: string; token: string }

// sampleViewers are those that a gateway in development signs tokens for; others have none.
export async function sampleViewers(): Promise<Viewer[]> {
  const response = await fetch("/dev/viewers");
  return response.ok ? (await response.json()).viewers : [];
}

// signIn makes all operations from now on those of a viewer, or of nobody.
export function signIn(viewer?: Viewer): void {
  if (viewer) headers.Authorization = `Bearer ${viewer.token}`;
  else delete headers.Authorization;
}
