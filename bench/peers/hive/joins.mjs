// What joins the services: fields that the gateway adds to the supergraph and
// asks by its in-context SDK, whose keys go to a service in batches.
export const additionalTypeDefs = `
  extend type Query {
    profile(userId: ID!): Profile
    user(id: ID!): User
    users(ids: [ID!]!): [User]!
  }
  type Profile { user: User, orders: [Order!], products: [Product!] }
  extend type User { orders: [Order!] }
  extend type Order { user: User }
  extend type OrderItem { product: Product }
`;

const wholeOrder = '{ id userId status totalAmount createdAt items { productId quantity price } }';
const wholeProduct = '{ id name description price category stockQuantity }';

const user = (id, root, context, info) => context.users.Query.userById({ root, context, info, args: { id } });

const orders = (id, root, context, info) =>
  context.orders.Query.ordersOfUser({ root, context, info, args: { id }, selectionSet: wholeOrder });

const product = (key, root, context, info) =>
  context.products.Query.productsBatch({
    root, context, info, key,
    selectionSet: wholeProduct,
    argsFromKeys: (productIds) => ({ input: { productIds } }),
    valuesFromResults: (products, ids) => {
      const byID = new Map(products.map((p) => [p.id, p]));
      return ids.map((id) => byID.get(id) ?? null);
    },
    dataLoaderOptions: { maxBatchSize: 100 },
  });

const productIDs = (list) => [...new Set(list.flatMap((o) => o.items.map((i) => i.productId)))];

// once keeps the orders of a profile, which two of its fields need.
const once = (p, context, info) => (p.promise ??= orders(p.userId, p, context, info));

export const additionalResolvers = {
  Query: {
    profile: (_, { userId }) => ({ userId }),
    user: (root, { id }, context, info) => user(id, root, context, info),
    users: (root, { ids }, context, info) => Promise.all(ids.map((id) => user(id, root, context, info))),
  },
  Profile: {
    user: (p, _, context, info) => user(p.userId, p, context, info),
    orders: (p, _, context, info) => once(p, context, info),
    products: async (p, _, context, info) =>
      Promise.all(productIDs(await once(p, context, info)).map((id) => product(id, p, context, info))),
  },
  User: {
    orders: { selectionSet: '{ id }', resolve: (u, _, context, info) => orders(u.id, u, context, info) },
  },
  Order: {
    user: { selectionSet: '{ userId }', resolve: (o, _, context, info) => user(o.userId, o, context, info) },
  },
  OrderItem: {
    product: { selectionSet: '{ productId }', resolve: (i, _, context, info) => product(i.productId, i, context, info) },
  },
};
