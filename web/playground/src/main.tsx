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
import { runs } from "./runs";
import { RunPanel } from "./trace/RunPanel";

const plugins = [HISTORY_PLUGIN, explorerPlugin(), ...(config.faults ? [faultsPlugin] : [])];

// Variables of the first tab are given apart, unless the browser remembers tabs.
const first = localStorage.getItem("graphiql:tabState") ? undefined : config.tabs[0]?.variables;

// UnderTheResult shows how the open tab's result came about.
function UnderTheResult() {
  const { tabs, activeTabIndex } = useGraphiQL(pick("tabs", "activeTabIndex"));
  const tab = tabs[activeTabIndex]?.id ?? "";
  runs.tab = tab;
  return <RunPanel tab={tab} />;
}

createRoot(document.getElementById("app")!).render(
  <GraphiQL fetcher={fetcher} plugins={plugins} defaultTabs={config.tabs} initialVariables={first} defaultEditorToolsVisibility="variables" shouldPersistHeaders={false}>
    <GraphiQL.Logo>
      <a className="home" href="/" title="How the gateway is">
        <img src={icon} alt="" width="22" height="22" />
        Tributary
      </a>
    </GraphiQL.Logo>
    <GraphiQL.Footer>
      <UnderTheResult />
    </GraphiQL.Footer>
  </GraphiQL>,
);
