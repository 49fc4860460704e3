// Apollo Client 4: POST, GET, persisted queries, @defer.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createHash } from 'node:crypto';
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { Defer20220824Handler } from '@apollo/client/incremental';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { gateway } from './gateway.mjs';

// client counts what it sends.
function client({ link = (http) => http, ...options } = {}) {
  const sent = [];
  const http = new HttpLink({
    uri: `${gateway}/graphql`,
    ...options,
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      sent.push({ method: init.method ?? 'GET', url: String(url), body: init.body, status: response.status, type: response.headers.get('content-type') });
      return response;
    },
  });
  return {
    sent,
    apollo: new ApolloClient({ cache: new InMemoryCache(), link: link(http), incrementalHandler: new Defer20220824Handler() }),
  };
}

const query = gql`query Name($id: ID!) { user(id: $id) { id fullName } }`;

test('a query', async () => {
  const { apollo, sent } = client();
  const { data } = await apollo.query({ query, variables: { id: 'user123' } });
  assert.equal(data.user.id, 'user123');
  assert.match(sent[0].type, /^application\/graphql-response\+json/);
});

test('a query by GET', async () => {
  const { apollo, sent } = client({ useGETForQueries: true });
  const { data } = await apollo.query({ query, variables: { id: 'user456' } });
  assert.equal(data.user.id, 'user456');
  assert.equal(sent[0].method, 'GET');
});

test('a query that does not validate says why', async () => {
  const { apollo } = client();
  await assert.rejects(apollo.query({ query: gql`{ nothing }` }), /nothing/);
});

test('errorPolicy all keeps the data of a partial answer', async () => {
  const { apollo } = client();
  const partial = gql`{ good: user(id: "user123") { id } bad: user(id: "") { id } }`;
  await assert.rejects(apollo.query({ query: partial }), /id/);
  const { data, error } = await apollo.query({ query: partial, errorPolicy: 'all' });
  assert.equal(data.good.id, 'user123');
  assert.equal(data.bad, null);
  assert.deepEqual(error.errors[0].path, ['bad']);
});

test('persisted queries: the hash is unknown once, and then enough', async () => {
  const sha256 = (text) => createHash('sha256').update(text).digest('hex');
  const link = (http) => new PersistedQueryLink({ sha256, useGETForHashedQueries: true }).concat(http);
  const { apollo, sent } = client({ link });
  const named = gql`query Persisted($id: ID!) { user(id: $id) { id email } }`;
  for (const id of ['user123', 'user456']) {
    const { data } = await apollo.query({ query: named, variables: { id } });
    assert.equal(data.user.id, id);
  }
  assert.equal(sent.length, 3, 'hash, hash with text, hash');
  assert.ok(!decodeURIComponent(sent[2].url).includes('email'), 'the second time without its text');
});

test('@defer', async () => {
  const { apollo, sent } = client();
  const deferring = gql`query Deferring { user(id: "u77") { id fullName ... @defer { orders { id } } } }`;
  const seen = [];
  await new Promise((resolve, reject) => {
    apollo.watchQuery({ query: deferring }).subscribe({
      next: (result) => {
        seen.push(result);
        if (result.data?.user?.orders) resolve();
      },
      error: reject,
    });
  });
  assert.match(sent[0].type, /^multipart\/mixed/);
  assert.ok(seen.some(({ data }) => data?.user?.fullName && !data.user.orders), 'the name comes before the orders');
  assert.equal(seen.at(-1).data.user.orders.length, 5);
});
