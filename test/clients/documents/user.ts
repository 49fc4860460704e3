// What a page asks for: the generator finds it here.
import { graphql } from '../gql';

export const UserName = graphql(`
  query UserName($id: ID!) {
    user(id: $id) {
      id
      fullName
    }
  }
`);
