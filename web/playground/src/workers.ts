// The editor's workers are files of the same server; the build puts their names in.
declare const WORKERS: Record<"editor" | "graphql" | "json", string>;

declare global {
  var MonacoEnvironment: { getWorker(id: string, label: string): Worker } | undefined;
}

globalThis.MonacoEnvironment = {
  getWorker: (_, label) => new Worker(`/playground/${WORKERS[label as keyof typeof WORKERS] ?? WORKERS.editor}`),
};
