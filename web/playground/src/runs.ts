import { useSyncExternalStore } from "react";
import type { Cost, Trace } from "./trace/model";

// A Run is what is known of how a tab's result came about.
export interface Run {
  status: number;
  ms: number; // as the browser saw it, until the last part
  parts?: number; // that the answer came in, if more than one
  partial?: boolean; // something could not be had, which the status of an answer in parts cannot tell
  trace?: Trace;
  cost?: Cost; // what it could have cost at most
}

// Told is what an answer tells of its run.
export type Told = Pick<Run, "parts" | "partial" | "trace" | "cost">;

// runs holds the last run of each tab.
class Runs {
  tab = ""; // the one that is open
  #byTab = new Map<string, Run>();
  #listeners = new Set<() => void>();

  // begin starts a run in the tab that is open; the tab may have changed when it ends.
  begin() {
    const tab = this.tab;
    return {
      end: (response: Response, started: number, told: Told) => {
        this.#byTab.set(tab, { status: response.status, ms: performance.now() - started, ...told });
        for (const tell of this.#listeners) tell();
      },
    };
  }

  of(tab: string) {
    return this.#byTab.get(tab);
  }

  subscribe = (tell: () => void) => {
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
  };
}

export const runs = new Runs();

export function useRun(tab: string): Run | undefined {
  return useSyncExternalStore(runs.subscribe, () => runs.of(tab));
}
