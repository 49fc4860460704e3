import "./workers";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./style.css";
import "./faults/faults.css";
import "./trace/trace.css";
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { pick, useGraphiQL } from "@graphiql/react";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";
import { config } from "./config";
import icon from "../../icon.svg";
import { faultsPlugin } from "./faults/plugin";
import { fetcher } from "./fetcher";
import { linked, type Operation } from "./link";
import { runs } from "./runs";
import { listenForHelp } from "./tools/keyboard";
import { Toolbar } from "./tools/Toolbar";
import { ViewerSwitch } from "./tools/ViewerSwitch";
import { RunPanel } from "./trace/RunPanel";

const plugins = [HISTORY_PLUGIN, explorerPlugin(), ...(config.faults ? [faultsPlugin] : [])];

// The tabs are those that the browser remembers, or else the examples; a link brings one more.
const link = linked();
const tabs = link ? [link, ...config.tabs] : config.tabs;
const open = link ?? remembered();

// remembered is the tab that was open last: GraphiQL leaves its variables out of the editor.
function remembered(): Operation | undefined {
  try {
    const { tabs, activeTabIndex } = JSON.parse(localStorage.getItem("graphiql:tabState")!);
    return tabs[activeTabIndex];
  } catch {
    return undefined;
  }
}

// UnderTheResult shows how the open tab's result came about.
function UnderTheResult() {
  const { tabs, activeTabIndex } = useGraphiQL(pick("tabs", "activeTabIndex"));
  const tab = tabs[activeTabIndex]?.id ?? "";
  runs.tab = tab;
  return <RunPanel tab={tab} />;
}

listenForHelp();
createRoot(document.getElementById("app")!).render(
  <GraphiQL fetcher={fetcher} plugins={plugins} defaultTabs={tabs} initialQuery={open?.query ?? undefined} initialVariables={open ? (open.variables ?? "") : config.tabs[0]?.variables} defaultEditorToolsVisibility="variables" shouldPersistHeaders={false}>
    <GraphiQL.Logo>
      <ViewerSwitch />
      <a className="home" href="/" title="How the gateway is">
        <img src={icon} alt="" width="22" height="22" />
        Tributary
      </a>
    </GraphiQL.Logo>
    <GraphiQL.Toolbar>{({ prettify, merge, copy }) => <Toolbar>{prettify}{merge}{copy}</Toolbar>}</GraphiQL.Toolbar>
    <GraphiQL.Footer>
      <UnderTheResult />
    </GraphiQL.Footer>
  </GraphiQL>,
);
