/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** An item of a new order. */
export type OrderItemInput = {
  /** The id of the product. */
  productId: string | number;
  /** The number of units, at least 1. */
  quantity: number;
};

/** A new order. */
export type PlaceOrderInput = {
  /** What is ordered, at least one item. */
  items: Array<OrderItemInput>;
  /** The id of the user who orders. */
  userId: string | number;
};

export type ChangeEmailMutationVariables = Exact<{
  id: string | number;
  email: string;
}>;


export type ChangeEmailMutation = { updateUser: { email: string } | null };

export type CatalogueQueryVariables = Exact<{
  ids: Array<string | number> | string | number;
}>;


export type CatalogueQuery = { products: Array<{ id: string, name: string, price: number } | null> };

export type PlaceOrderMutationVariables = Exact<{
  input: PlaceOrderInput;
}>;


export type PlaceOrderMutation = { placeOrder: { id: string } | null };

export type OrderCardFragment = { id: string, status: string, totalAmount: number, createdAt: string, items: Array<(
    { productId: string }
    & { ' $fragmentRefs'?: { 'OrderLineFragment': OrderLineFragment } }
  )> } & { ' $fragmentName'?: 'OrderCardFragment' };

export type CancelOrderMutationVariables = Exact<{
  id: string | number;
}>;


export type CancelOrderMutation = { cancelOrder: { id: string, status: string } | null };

export type OrderLineFragment = { productId: string, quantity: number, price: number, product: { name: string, category: string } | null } & { ' $fragmentName'?: 'OrderLineFragment' };

export type ProfilePageQueryVariables = Exact<{
  id: string | number;
}>;


export type ProfilePageQuery = { profile: { user: { ' $fragmentRefs'?: { 'UserCardFragment': UserCardFragment } } | null, orders: Array<(
      { id: string }
      & { ' $fragmentRefs'?: { 'OrderCardFragment': OrderCardFragment } }
    )> | null } | null };

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { me: { id: string, fullName: string } | null };

export type UserCardFragment = { id: string, fullName: string, username: string, email: string, isActive: boolean, createdAt: string } & { ' $fragmentName'?: 'UserCardFragment' };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const OrderLineFragmentDoc = new TypedDocumentString(`
    fragment OrderLine on OrderItem {
  productId
  quantity
  price
  product {
    name
    category
  }
}
    `, {"fragmentName":"OrderLine"}) as unknown as TypedDocumentString<OrderLineFragment, unknown>;
export const OrderCardFragmentDoc = new TypedDocumentString(`
    fragment OrderCard on Order {
  id
  status
  totalAmount
  createdAt
  items {
    productId
    ...OrderLine
  }
}
    fragment OrderLine on OrderItem {
  productId
  quantity
  price
  product {
    name
    category
  }
}`, {"fragmentName":"OrderCard"}) as unknown as TypedDocumentString<OrderCardFragment, unknown>;
export const UserCardFragmentDoc = new TypedDocumentString(`
    fragment UserCard on User {
  id
  fullName
  username
  email
  isActive
  createdAt
}
    `, {"fragmentName":"UserCard"}) as unknown as TypedDocumentString<UserCardFragment, unknown>;
export const ChangeEmailDocument = new TypedDocumentString(`
    mutation ChangeEmail($id: ID!, $email: String!) {
  updateUser(id: $id, input: {email: $email}) {
    email
  }
}
    `) as unknown as TypedDocumentString<ChangeEmailMutation, ChangeEmailMutationVariables>;
export const CatalogueDocument = new TypedDocumentString(`
    query Catalogue($ids: [ID!]!) {
  products(ids: $ids) {
    id
    name
    price
  }
}
    `) as unknown as TypedDocumentString<CatalogueQuery, CatalogueQueryVariables>;
export const PlaceOrderDocument = new TypedDocumentString(`
    mutation PlaceOrder($input: PlaceOrderInput!) {
  placeOrder(input: $input) {
    id
  }
}
    `) as unknown as TypedDocumentString<PlaceOrderMutation, PlaceOrderMutationVariables>;
export const CancelOrderDocument = new TypedDocumentString(`
    mutation CancelOrder($id: ID!) {
  cancelOrder(id: $id) {
    id
    status
  }
}
    `) as unknown as TypedDocumentString<CancelOrderMutation, CancelOrderMutationVariables>;
export const ProfilePageDocument = new TypedDocumentString(`
    query ProfilePage($id: ID!) {
  profile(userId: $id) {
    user {
      ...UserCard
    }
    orders {
      id
      ...OrderCard
    }
  }
}
    fragment OrderCard on Order {
  id
  status
  totalAmount
  createdAt
  items {
    productId
    ...OrderLine
  }
}
fragment OrderLine on OrderItem {
  productId
  quantity
  price
  product {
    name
    category
  }
}
fragment UserCard on User {
  id
  fullName
  username
  email
  isActive
  createdAt
}`) as unknown as TypedDocumentString<ProfilePageQuery, ProfilePageQueryVariables>;
export const MeDocument = new TypedDocumentString(`
    query Me {
  me {
    id
    fullName
  }
}
    `) as unknown as TypedDocumentString<MeQuery, MeQueryVariables>;