/* eslint-disable */
import * as types from './graphql';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  mutation ChangeEmail($id: ID!, $email: String!) {\n    updateUser(id: $id, input: { email: $email }) {\n      email\n    }\n  }\n": typeof types.ChangeEmailDocument,
    "\n  query Catalogue($ids: [ID!]!) {\n    products(ids: $ids) {\n      id\n      name\n      price\n    }\n  }\n": typeof types.CatalogueDocument,
    "\n  mutation PlaceOrder($input: PlaceOrderInput!) {\n    placeOrder(input: $input) {\n      id\n    }\n  }\n": typeof types.PlaceOrderDocument,
    "\n  fragment OrderCard on Order {\n    id\n    status\n    totalAmount\n    createdAt\n    items {\n      productId\n      ...OrderLine\n    }\n  }\n": typeof types.OrderCardFragmentDoc,
    "\n  mutation CancelOrder($id: ID!) {\n    cancelOrder(id: $id) {\n      id\n      status\n    }\n  }\n": typeof types.CancelOrderDocument,
    "\n  fragment OrderLine on OrderItem {\n    productId\n    quantity\n    price\n    product {\n      name\n      category\n    }\n  }\n": typeof types.OrderLineFragmentDoc,
    "\n  query ProfilePage($id: ID!) {\n    profile(userId: $id) {\n      user {\n        ...UserCard\n      }\n      orders {\n        id\n        ...OrderCard\n      }\n    }\n  }\n": typeof types.ProfilePageDocument,
    "\n  query Me {\n    me {\n      id\n      fullName\n    }\n  }\n": typeof types.MeDocument,
    "\n  fragment UserCard on User {\n    id\n    fullName\n    username\n    email\n    isActive\n    createdAt\n  }\n": typeof types.UserCardFragmentDoc,
};
const documents: Documents = {
    "\n  mutation ChangeEmail($id: ID!, $email: String!) {\n    updateUser(id: $id, input: { email: $email }) {\n      email\n    }\n  }\n": types.ChangeEmailDocument,
    "\n  query Catalogue($ids: [ID!]!) {\n    products(ids: $ids) {\n      id\n      name\n      price\n    }\n  }\n": types.CatalogueDocument,
    "\n  mutation PlaceOrder($input: PlaceOrderInput!) {\n    placeOrder(input: $input) {\n      id\n    }\n  }\n": types.PlaceOrderDocument,
    "\n  fragment OrderCard on Order {\n    id\n    status\n    totalAmount\n    createdAt\n    items {\n      productId\n      ...OrderLine\n    }\n  }\n": types.OrderCardFragmentDoc,
    "\n  mutation CancelOrder($id: ID!) {\n    cancelOrder(id: $id) {\n      id\n      status\n    }\n  }\n": types.CancelOrderDocument,
    "\n  fragment OrderLine on OrderItem {\n    productId\n    quantity\n    price\n    product {\n      name\n      category\n    }\n  }\n": types.OrderLineFragmentDoc,
    "\n  query ProfilePage($id: ID!) {\n    profile(userId: $id) {\n      user {\n        ...UserCard\n      }\n      orders {\n        id\n        ...OrderCard\n      }\n    }\n  }\n": types.ProfilePageDocument,
    "\n  query Me {\n    me {\n      id\n      fullName\n    }\n  }\n": types.MeDocument,
    "\n  fragment UserCard on User {\n    id\n    fullName\n    username\n    email\n    isActive\n    createdAt\n  }\n": types.UserCardFragmentDoc,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ChangeEmail($id: ID!, $email: String!) {\n    updateUser(id: $id, input: { email: $email }) {\n      email\n    }\n  }\n"): typeof import('./graphql').ChangeEmailDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Catalogue($ids: [ID!]!) {\n    products(ids: $ids) {\n      id\n      name\n      price\n    }\n  }\n"): typeof import('./graphql').CatalogueDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation PlaceOrder($input: PlaceOrderInput!) {\n    placeOrder(input: $input) {\n      id\n    }\n  }\n"): typeof import('./graphql').PlaceOrderDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment OrderCard on Order {\n    id\n    status\n    totalAmount\n    createdAt\n    items {\n      productId\n      ...OrderLine\n    }\n  }\n"): typeof import('./graphql').OrderCardFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CancelOrder($id: ID!) {\n    cancelOrder(id: $id) {\n      id\n      status\n    }\n  }\n"): typeof import('./graphql').CancelOrderDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment OrderLine on OrderItem {\n    productId\n    quantity\n    price\n    product {\n      name\n      category\n    }\n  }\n"): typeof import('./graphql').OrderLineFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ProfilePage($id: ID!) {\n    profile(userId: $id) {\n      user {\n        ...UserCard\n      }\n      orders {\n        id\n        ...OrderCard\n      }\n    }\n  }\n"): typeof import('./graphql').ProfilePageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Me {\n    me {\n      id\n      fullName\n    }\n  }\n"): typeof import('./graphql').MeDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment UserCard on User {\n    id\n    fullName\n    username\n    email\n    isActive\n    createdAt\n  }\n"): typeof import('./graphql').UserCardFragmentDoc;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
