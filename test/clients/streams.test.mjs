// The clients whose protocols the streams speak: graphql-sse and graphql-ws.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createClient as createSSE } from 'graphql-sse';
import { createClient as createWS } from 'graphql-ws';
import WebSocket from 'ws';
import { gateway } from './gateway.mjs';

const query = 'query Name($id: ID!) { user(id: $id) { id orders { id } } }';

// results are all that a client gets of an operation, to its end.
const results = async (client, operation) => {
  const all = [];
  for await (const result of client.iterate(operation)) all.push(result);
  return all;
};

for (const [name, create] of Object.entries({
  'graphql-sse': () => createSSE({ url: `${gateway}/graphql`, retryAttempts: 0 }),
  'graphql-ws': () => createWS({ url: `${gateway.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 }),
})) {
  test(`${name}: a query has one result`, async () => {
    const client = create();
    const all = await results(client, { query, variables: { id: 'u8' } });
    assert.equal(all.length, 1);
    assert.equal(all[0].data.user.orders.length, 5);
    await client.dispose();
  });

  test(`${name}: operations at once do not mix`, async () => {
    const client = create();
    const ids = ['u1', 'u2', 'u3', 'u4'];
    const got = await Promise.all(ids.map(async (id) => (await results(client, { query, variables: { id } }))[0].data.user.id));
    assert.deepEqual(got, ids);
    await client.dispose();
  });

  test(`${name}: what does not validate is an error of the operation alone`, async () => {
    const client = create();
    await assert.rejects(async () => {
      const all = await results(client, { query: '{ nothing }' });
      if (all[0].errors) throw all[0].errors;
    });
    assert.equal((await results(client, { query: '{ __typename }' }))[0].data.__typename, 'Query');
    await client.dispose();
  });
}
