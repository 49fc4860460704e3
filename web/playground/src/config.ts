// What the gateway says about itself, in the page.
export interface Config {
  endpoint: string; // where GraphQL is
  trace: boolean; // whether it tells how a query was answered
  faults: boolean; // whether services can be broken on purpose
  explain: boolean; // whether it tells what an operation would ask of services
  viewers: boolean; // whether it signs tokens of sample viewers
  services: string[]; // the names of all, in a fixed order
  tabs: { query: string; variables?: string }[];
}

export const config: Config = JSON.parse(document.getElementById("config")!.textContent!);

// colourOf is the colour of a service: the same in every run.
export function colourOf(service?: string): string | undefined {
  const i = config.services.indexOf(service ?? "");
  return i < 0 ? undefined : `var(--s${i % 5})`;
}
