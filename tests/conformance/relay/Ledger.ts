import { graphql } from 'relay-runtime';

export const events = graphql`
  subscription LedgerEventsSubscription($after: Cursor, $filter: LedgerEventFilter) {
    ledgerEvents(after: $after, filter: $filter) {
      cursor
      sequence
      type
      occurredAt
      payload
      entry { id kind sequence }
      account { id ...AccountRow_account }
      customer { id }
    }
  }
`;

export const balance = graphql`
  subscription LedgerBalanceSubscription($accounts: [AccountBy!]!) {
    balanceChanged(accounts: $accounts) {
      cursor
      account { ...AccountRow_account }
      transaction { id kind }
    }
  }
`;
