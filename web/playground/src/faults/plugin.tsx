import type { GraphiQLPlugin } from "@graphiql/react";
import { FaultPanel } from "./FaultPanel";

function Icon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d="M13 2 4.5 13.5H11L10 22l9-12.5h-6.5z" />
    </svg>
  );
}

export const faultsPlugin: GraphiQLPlugin = { title: "Break it and watch", icon: Icon, content: FaultPanel };
