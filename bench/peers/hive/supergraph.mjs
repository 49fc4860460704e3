// The supergraph that GraphQL Mesh composes of the three REST services; joins.mjs
// joins them.
import { createNamingConventionTransform, getComposedSchemaFromConfig } from '@graphql-mesh/compose-cli';
import { loadJSONSchemaSubgraph } from '@omnigraph/json-schema';

const text = { type: 'string' };
const list = (items) => ({ type: 'array', items });
const object = (title, properties) => ({ type: 'object', title, properties, required: Object.keys(properties) });

const user = object('User', {
  id: text, username: text, email: text, full_name: text, is_active: { type: 'boolean' }, created_at: text,
});
const item = object('OrderItem', { product_id: text, quantity: { type: 'integer' }, price: { type: 'number' } });
const order = object('Order', {
  id: text, user_id: text, status: text, total_amount: { type: 'number' }, items: list(item), created_at: text,
});
const product = object('Product', {
  id: text, name: text, description: text, price: { type: 'number' }, category: text, stock_quantity: { type: 'integer' },
});

const get = (field, path, arg, responseSchema) => ({
  type: 'Query', field, method: 'GET', path, requiredArgs: [arg], argTypeMap: { [arg]: { type: 'string' } }, responseSchema,
});

const service = (name, operation) => ({
  sourceHandler: loadJSONSchemaSubgraph(name, { endpoint: process.env.UPSTREAMS, operations: [operation] }),
  transforms: [createNamingConventionTransform({ fieldNames: 'camelCase', fieldArgumentNames: 'camelCase' })],
});

export const compose = (logger) => getComposedSchemaFromConfig({
  subgraphs: [
    service('users', get('userById', '/users/{args.id}', 'id', user)),
    service('orders', get('ordersOfUser', '/orders/user/{args.id}', 'id', list(order))),
    service('products', {
      type: 'Query', field: 'productsBatch', method: 'POST', path: '/products/batch',
      requestSchema: object('Batch', { product_ids: list(text) }), responseSchema: list(product),
    }),
  ],
}, logger);
