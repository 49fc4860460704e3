// Apollo Server as its documents advise for REST sources: a RESTDataSource for
// each service and request, a DataLoader for the batches, the response cache
// with its in-memory store, NODE_ENV=production.
import { readFileSync } from 'node:fs';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { RESTDataSource } from '@apollo/datasource-rest';
import { ApolloServerPluginCacheControl } from '@apollo/server/plugin/cacheControl';
import { InMemoryLRUCache } from '@apollo/utils.keyvaluecache';
import responseCache from '@apollo/server-plugin-response-cache';
import DataLoader from 'dataloader';

class Services extends RESTDataSource {
  baseURL = process.env.UPSTREAMS + '/';

  products = new DataLoader(
    async (ids) => {
      const list = await this.post('products/batch', { body: { product_ids: ids } });
      const byID = new Map(list.map((p) => [p.id, p]));
      return ids.map((id) => byID.get(id) ?? null);
    },
    { maxBatchSize: 100 },
  );

  user(id) { return this.get(`users/${encodeURIComponent(id)}`); }
  orders(id) { return this.get(`orders/user/${encodeURIComponent(id)}`); }
}

const productIDs = (orders) => [...new Set(orders.flatMap((o) => o.items.map((i) => i.product_id)))];

const resolvers = {
  Query: {
    profile: (_, { userId }) => ({ userId }),
    user: (_, { id }, { services }) => services.user(id),
    users: (_, { ids }, { services }) => Promise.all(ids.map((id) => services.user(id))),
  },
  Profile: {
    user: (p, _, { services }) => services.user(p.userId),
    orders: (p, _, { services }) => services.orders(p.userId),
    products: async (p, _, { services }) => services.products.loadMany(productIDs(await services.orders(p.userId))),
  },
  User: {
    fullName: (u) => u.full_name,
    isActive: (u) => u.is_active,
    createdAt: (u) => u.created_at,
    orders: (u, _, { services }) => services.orders(u.id),
  },
  Order: {
    totalAmount: (o) => o.total_amount,
    createdAt: (o) => o.created_at,
    user: (o, _, { services }) => services.user(o.user_id),
  },
  OrderItem: {
    productId: (i) => i.product_id,
    product: (i, _, { services }) => services.products.load(i.product_id),
  },
  Product: { stockQuantity: (p) => p.stock_quantity },
};

const server = new ApolloServer({
  typeDefs: readFileSync('../../plain/schema.graphqls', 'utf8'),
  resolvers,
  cache: new InMemoryLRUCache(),
  plugins: [ApolloServerPluginCacheControl({ defaultMaxAge: 30 }), responseCache()],
});
await startStandaloneServer(server, {
  listen: { port: Number(process.env.PORT), host: '127.0.0.1' },
  context: async () => ({ services: new Services({ cache: server.cache }) }),
});
