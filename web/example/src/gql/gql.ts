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
    "\n  fragment OrderCard on Order {\n    id\n    status\n    totalAmount\n    createdAt\n    items {\n      productId\n      ...OrderLine\n    }\n  }\n": typeof types.OrderCardFragmentDoc,
    "\n  fragment OrderLine on OrderItem {\n    productId\n    quantity\n    price\n    product {\n      name\n      category\n    }\n  }\n": typeof types.OrderLineFragmentDoc,
    "\n  query ProfilePage($id: ID!) {\n    profile(userId: $id) {\n      user {\n        ...UserCard\n      }\n      orders {\n        id\n        ...OrderCard\n      }\n    }\n  }\n": typeof types.ProfilePageDocument,
    "\n  fragment UserCard on User {\n    fullName\n    username\n    email\n    isActive\n    createdAt\n  }\n": typeof types.UserCardFragmentDoc,
};
const documents: Documents = {
    "\n  fragment OrderCard on Order {\n    id\n    status\n    totalAmount\n    createdAt\n    items {\n      productId\n      ...OrderLine\n    }\n  }\n": types.OrderCardFragmentDoc,
    "\n  fragment OrderLine on OrderItem {\n    productId\n    quantity\n    price\n    product {\n      name\n      category\n    }\n  }\n": types.OrderLineFragmentDoc,
    "\n  query ProfilePage($id: ID!) {\n    profile(userId: $id) {\n      user {\n        ...UserCard\n      }\n      orders {\n        id\n        ...OrderCard\n      }\n    }\n  }\n": types.ProfilePageDocument,
    "\n  fragment UserCard on User {\n    fullName\n    username\n    email\n    isActive\n    createdAt\n  }\n": types.UserCardFragmentDoc,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment OrderCard on Order {\n    id\n    status\n    totalAmount\n    createdAt\n    items {\n      productId\n      ...OrderLine\n    }\n  }\n"): typeof import('./graphql').OrderCardFragmentDoc;
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
export function graphql(source: "\n  fragment UserCard on User {\n    fullName\n    username\n    email\n    isActive\n    createdAt\n  }\n"): typeof import('./graphql').UserCardFragmentDoc;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
