import { graphql } from 'relay-runtime';

// What it answers goes straight into every place that shows one of the two accounts.
export const mutation = graphql`
  mutation TransferMutation($input: TransferInput!) {
    transfer(input: $input) {
      __typename
      ... on TransferSuccess {
        replayed
        entry { id sequence postings { amount { amount currency } account { number } } }
        from { ...AccountRow_account }
        to { ...AccountRow_account }
      }
      ... on Refusal { code message facts { account available { amount currency } status } fields { path message } }
    }
  }
`;
