import { graphql } from 'relay-runtime';

// A list of the root that is paged forward.
export const query = graphql`
  query AccountsPageQuery($first: Int!, $filter: AccountFilter) {
    ...AccountsPage_query @arguments(first: $first, filter: $filter)
  }
`;

export const fragment = graphql`
  fragment AccountsPage_query on Query
  @refetchable(queryName: "AccountsPagePaginationQuery")
  @argumentDefinitions(
    first: { type: "Int!" }
    after: { type: "String" }
    filter: { type: "AccountFilter" }
  ) {
    accounts(first: $first, after: $after, filter: $filter) @connection(key: "AccountsPage_accounts", filters: ["filter"]) {
      edges {
        node {
          id
          ...AccountRow_account
        }
      }
    }
  }
`;
