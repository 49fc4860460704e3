import type { CodegenConfig } from "@graphql-codegen/cli";

// Types for every operation and fragment below src, from the gateway's own
// schema. Documents stay strings: the page needs no GraphQL library at run time.
const config: CodegenConfig = {
  schema: "../../graph/schema/*.graphqls",
  documents: "src/**/*.tsx",
  generates: {
    "src/gql/": {
      preset: "client",
      config: {
        documentMode: "string",
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: { DateTime: "string", Decimal: "number" },
      },
      presetConfig: { fragmentMasking: { unmaskFunctionName: "read" } },
    },
  },
};

export default config;
