// urql, graphql-request and fetch.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Client, cacheExchange, fetchExchange } from '@urql/core';
import { GraphQLClient } from 'graphql-request';
import { gateway } from './gateway.mjs';

const url = `${gateway}/graphql`;
const query = 'query Name($id: ID!) { user(id: $id) { id fullName orders { id } } }';

for (const preferGetMethod of [false, 'force']) {
  test(`urql ${preferGetMethod ? 'by GET' : 'by POST'}`, async () => {
    const client = new Client({ url, exchanges: [cacheExchange, fetchExchange], preferGetMethod });
    const { data, error } = await client.query(query, { id: 'u5' }).toPromise();
    assert.equal(error, undefined);
    assert.equal(data.user.orders.length, 5);
  });
}

test('urql with @defer', async () => {
  const client = new Client({ url, exchanges: [fetchExchange], preferGetMethod: false });
  const user = await new Promise((resolve, reject) => {
    client.query('{ user(id: "u6") { id ... @defer { orders { id } } } }', {}).subscribe(({ data, error, hasNext }) => {
      if (error) reject(error);
      if (!hasNext) resolve(data.user);
    });
  });
  assert.equal(user.id, 'u6');
  assert.equal(user.orders.length, 5);
});

test('graphql-request', async () => {
  const data = await new GraphQLClient(url).request(query, { id: 'user123' });
  assert.equal(data.user.orders.length, 2);
  await assert.rejects(new GraphQLClient(url).request('{ nothing }'), /nothing/);
});

test('fetch undoes what is compressed', async () => {
  const response = await fetch(`${gateway}/api/profile/u1`);
  assert.equal(response.headers.get('content-encoding'), 'gzip');
  assert.equal((await response.json()).user.id, 'u1');
});
