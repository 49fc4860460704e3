// What the gateway says about itself, in the page.
export interface Config {
  endpoint: string; // where GraphQL is
  trace: boolean; // whether it tells how a query was answered
  faults: string; // where services are broken on purpose; empty where they cannot be
  tabs: { query: string; variables?: string }[];
}

export const config: Config = JSON.parse(document.getElementById("config")!.textContent!);
