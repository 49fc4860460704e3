// The editor's workers are files of the same server; the build puts their names in.
declare const WORKERS: Record<"editor" | "graphql" | "json", string>;

(globalThis as { MonacoEnvironment?: unknown }).MonacoEnvironment = {
  getWorker: (_: string, label: string) => new Worker(`/playground/${WORKERS[label as keyof typeof WORKERS] ?? WORKERS.editor}`),
};

export {};
