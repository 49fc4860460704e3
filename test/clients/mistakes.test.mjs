// What the gateway says of mistakes in requests, beside what graphql-js says of the same:
// mistakes.golden. UPDATE_MISTAKES=1 writes it anew; the gateway's words are those of
// gateway/engine/testdata/mistakes.golden.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { buildSchema, execute, parse, validate } from 'graphql';

const server = join(import.meta.dirname, '../../gateway/engine');
const golden = join(import.meta.dirname, 'mistakes.golden');
const schema = buildSchema(/MustLoadSchema\(&ast\.Source\{Input: `([^`]*)`/.exec(readFileSync(join(server, 'schema_test.go'), 'utf8'))[1]);

// read splits the gateway's golden file into requests with what was said of each.
function read() {
  const text = readFileSync(join(server, 'testdata/mistakes.golden'), 'utf8');
  return text.trimEnd().split('\n\n').map((block) => {
    const lines = block.split('\n');
    const said = lines.filter((line) => /^  [A-Z_]+: /.test(line)).map((line) => line.trim());
    const rest = lines.filter((line) => !/^  [A-Z_]+: /.test(line));
    const take = (name) => rest.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1))[0];
    const query = rest.filter((line) => !/^(variables|operationName) /.test(line)).join('\n');
    return { query, variables: take('variables'), operationName: take('operationName'), said };
  });
}

async function graphqlJS({ query, variables, operationName }) {
  let document;
  try {
    document = parse(query);
  } catch (error) {
    return [error];
  }
  const invalid = validate(schema, document);
  if (invalid.length > 0) return invalid;
  try {
    const variableValues = variables && JSON.parse(variables);
    return (await execute({ schema, document, variableValues, operationName })).errors ?? [];
  } catch (error) {
    return [error];
  }
}

const place = ({ line, column }) => ` (${line}:${column})`;

test('mistakes are explained as well as by graphql-js', async () => {
  let text = '';
  for (const request of read()) {
    const errors = await graphqlJS(request);
    text += [
      request.query,
      request.variables && `variables ${request.variables}`,
      request.operationName && `operationName ${request.operationName}`,
      ...request.said.map((line) => `  tributary   ${line.replace(/^[A-Z_]+: /, '')}`),
      ...errors.map((e) => `  graphql-js  ${e.message}${(e.locations ?? []).map(place).join('')}`),
      ...(errors.length === 0 ? ['  graphql-js  (nothing)'] : []),
      '', '',
    ].filter((line) => line !== undefined).join('\n');
  }
  if (process.env.UPDATE_MISTAKES) writeFileSync(golden, text);
  assert.equal(text, readFileSync(golden, 'utf8'));
});
