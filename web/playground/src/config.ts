// What the gateway says about itself, in the page.
export interface Config {
  endpoint: string; // where GraphQL is
  trace: boolean; // whether it tells how a query was answered
  faults: boolean; // whether services can be broken on purpose
  tabs: { query: string; variables?: string }[];
}

export const config: Config = JSON.parse(document.getElementById("config")!.textContent!);
