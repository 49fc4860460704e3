import type { GraphiQLPlugin } from "@graphiql/react";

export const faultsPlugin: GraphiQLPlugin = { title: "Break it and watch", icon: () => <svg />, content: () => <p /> };
