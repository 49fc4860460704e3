import { useSyncExternalStore } from "react";
import type { Cost, Trace } from "./trace/model";

// A Run is what is known of how a tab's result came about.
export interface Run {
  status: number; // 0 if there was no answer
  ms: number; // until the browser had the last part
  headers: [string, string][];
  parts?: number; // that the answer came in, if more than one
  partial?: boolean; // something could not be had, which the status of an answer in parts cannot tell
  trace?: Trace;
  cost?: Cost; // what it could have cost at most
  old?: boolean; // another is under way
}

// Told is what an answer tells of its run.
export type Told = Pick<Run, "parts" | "partial" | "trace" | "cost">;

// runs holds the last run of each tab.
class Runs {
  tab = ""; // the one that is open
  #byTab = new Map<string, Run>();
  #listeners = new Set<() => void>();

  // begin starts a run in the tab that is open; the tab may have changed when it ends. A
  // run without a response had no answer.
  begin() {
    const tab = this.tab;
    const started = performance.now();
    const last = this.of(tab);
    if (last) this.#set(tab, { ...last, old: true });
    return {
      end: (response: Response | undefined, told: Told = {}) =>
        this.#set(tab, { status: response?.status ?? 0, headers: [...(response?.headers ?? [])], ms: performance.now() - started, ...told }),
    };
  }

  of(tab: string) {
    return this.#byTab.get(tab);
  }

  #set(tab: string, run: Run) {
    this.#byTab.set(tab, run);
    for (const tell of this.#listeners) tell();
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
