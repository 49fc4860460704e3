/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type OrderCardFragment = { id: string, status: string, totalAmount: number, createdAt: string, items: Array<(
    { productId: string }
    & { ' $fragmentRefs'?: { 'OrderLineFragment': OrderLineFragment } }
  )> } & { ' $fragmentName'?: 'OrderCardFragment' };

export type OrderLineFragment = { productId: string, quantity: number, price: number, product: { name: string, category: string } | null } & { ' $fragmentName'?: 'OrderLineFragment' };

export type ProfilePageQueryVariables = Exact<{
  id: string | number;
}>;


export type ProfilePageQuery = { profile: { user: { ' $fragmentRefs'?: { 'UserCardFragment': UserCardFragment } } | null, orders: Array<(
      { id: string }
      & { ' $fragmentRefs'?: { 'OrderCardFragment': OrderCardFragment } }
    )> | null } | null };

export type UserCardFragment = { fullName: string, username: string, email: string, isActive: boolean, createdAt: string } & { ' $fragmentName'?: 'UserCardFragment' };

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
  fullName
  username
  email
  isActive
  createdAt
}
    `, {"fragmentName":"UserCard"}) as unknown as TypedDocumentString<UserCardFragment, unknown>;
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
  fullName
  username
  email
  isActive
  createdAt
}`) as unknown as TypedDocumentString<ProfilePageQuery, ProfilePageQueryVariables>;