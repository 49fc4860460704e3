// Hive Gateway as its documents advise for REST sources: GraphQL Mesh composes
// them, the gateway joins them, the response cache with its in-memory store
// keeps answers for 30 s, NODE_ENV=production, no pages of its own.
import { createServer } from 'node:http';
import { createGatewayRuntime, Logger } from '@graphql-hive/gateway';
import InMemoryLRUCache from '@graphql-mesh/cache-inmemory-lru';
import { DefaultLogger } from '@graphql-mesh/utils';
import { additionalResolvers, additionalTypeDefs } from './joins.mjs';
import { compose } from './supergraph.mjs';

const gateway = createGatewayRuntime({
  supergraph: await compose(new DefaultLogger('compose')),
  additionalTypeDefs,
  additionalResolvers,
  cache: new InMemoryLRUCache(),
  responseCaching: { session: () => null, ttl: 30_000 },
  graphiql: false,
  landingPage: false,
  logging: new Logger({ level: 'warn' }),
});
createServer(gateway).listen(Number(process.env.PORT), '127.0.0.1');
process.once('SIGTERM', () => process.exit());
