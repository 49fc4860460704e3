import { pick, ToolbarButton, useGraphiQL } from "@graphiql/react";
import { useState, type ReactNode } from "react";
import { linkTo } from "../link";
import { curl } from "./curl";

// Toolbar has the buttons beside the editor: GraphiQL's own and two that copy.
export function Toolbar({ children }: { children: ReactNode }) {
  const { tabs, activeTabIndex } = useGraphiQL(pick("tabs", "activeTabIndex"));
  const { query, variables, headers, operationName } = tabs[activeTabIndex]!;
  const operation = { query: query ?? "", variables: variables ?? undefined };
  return (
    <>
      {children}
      <Copy label="Copy a link to this operation" text={() => linkTo(operation)}>
        <path d="M10 14a4.5 4.5 0 0 0 6.4 0l3-3A4.5 4.5 0 0 0 13 4.6l-1 1M14 10a4.5 4.5 0 0 0-6.4 0l-3 3A4.5 4.5 0 0 0 11 19.4l1-1" />
      </Copy>
      <Copy label="Copy as curl" text={() => curl({ ...operation, headers, operationName })}>
        <path d="m5 7 5 5-5 5M12.5 17H19" />
      </Copy>
    </>
  );
}

interface CopyProps { label: string; text(): string | Promise<string>; children: ReactNode }

function Copy({ label, text, children }: CopyProps) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (!navigator.clipboard) { // only where the page is of localhost, or has TLS
      prompt(label, await text());
      return;
    }
    await navigator.clipboard.writeText(await text());
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <ToolbarButton label={copied ? "Copied" : label} onClick={copy} className={copied ? "copied" : ""}>
      <svg viewBox="0 0 24 24" className="graphiql-toolbar-icon" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">{children}</svg>
    </ToolbarButton>
  );
}
