// Has GraphQL Code Generator write the types of a live schema, and a manifest of
// the documents, into the folder that is given.
import { generate } from '@graphql-codegen/cli';
import { gateway } from './gateway.mjs';

const out = process.argv[2];
await generate({
  schema: `${gateway}/schema.graphql`,
  documents: ['documents/*.ts'],
  cwd: import.meta.dirname,
  silent: true,
  config: { scalars: { DateTime: 'string', Decimal: 'number' } },
  generates: { [`${out}/`]: { preset: 'client', presetConfig: { persistedDocuments: { hashAlgorithm: 'sha256' } } } },
}, true);
