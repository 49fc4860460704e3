import { useRun } from "../runs";

export function RunPanel({ tab }: { tab: string }) {
  const run = useRun(tab);
  if (!run) return null;
  return <p>{run.status} {run.ms.toFixed(0)} ms</p>;
}
