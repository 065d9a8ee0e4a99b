import { graphql } from 'relay-runtime';

// A thing that is found by its own name, and from then on fetched again by its id.
export const query = graphql`
  query AccountPageQuery($by: AccountBy!) {
    account(by: $by) {
      id
      ... on CardAccount { workingMode }
      ...AccountRow_account
      ...AccountPage_transactions
      ...AccountPage_holds
      ...AccountPage_history
    }
  }
`;

// Paged from both ends.
export const transactions = graphql`
  fragment AccountPage_transactions on Account
  @refetchable(queryName: "AccountPageTransactionsQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 2 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    filter: { type: "TransactionFilter" }
  ) {
    transactions(first: $first, after: $after, last: $last, before: $before, filter: $filter)
      @connection(key: "AccountPage_transactions", filters: ["filter"]) {
      edges {
        node {
          id
          kind
          bookedAt
          valueDate
          amount { amount currency }
          balanceAfter { amount }
          entry { id sequence }
        }
      }
    }
  }
`;

export const holds = graphql`
  fragment AccountPage_holds on Account
  @refetchable(queryName: "AccountPageHoldsQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" }) {
    holds(first: $first, after: $after) @connection(key: "AccountPage_holds") {
      edges {
        node { id status remaining { amount } expiresAt }
      }
    }
  }
`;

// The rows of this list have no id: Relay keeps them by their place.
export const history = graphql`
  fragment AccountPage_history on Account
  @refetchable(queryName: "AccountPageHistoryQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" }) {
    history(first: $first, after: $after) @connection(key: "AccountPage_history") {
      edges {
        node { sequence at operation outcome group actor events { type payload } }
      }
    }
  }
`;
