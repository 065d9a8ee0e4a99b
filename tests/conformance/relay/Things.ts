import { graphql } from 'relay-runtime';

export const query = graphql`
  query ThingsQuery($id: ID!, $ids: [ID!]!) {
    node(id: $id) {
      __typename
      id
      ...AccountRow_account @alias(as: "account")
      ...Things_customer @alias(as: "customer")
    }
    nodes(ids: $ids) {
      __typename
      id
      ... on Entry { sequence reversedBy { id } }
      ... on Product { code repaymentOrder }
    }
    viewer { client scopes expiresAt tenant { code baseCurrency } }
  }
`;

export const customer = graphql`
  fragment Things_customer on Customer @refetchable(queryName: "ThingsCustomerQuery") {
    name
    type
    accounts(first: 5) { nodes { id number } }
  }
`;
