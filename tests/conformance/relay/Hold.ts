import { graphql } from 'relay-runtime';

// A new row at the head of a list that is on the screen.
export const place = graphql`
  mutation HoldPlaceMutation($input: PlaceHoldInput!, $connections: [ID!]!) {
    placeHold(input: $input) {
      __typename
      ... on PlaceHoldSuccess {
        account { ...AccountRow_account }
        hold @prependNode(connections: $connections, edgeTypeName: "HoldEdge") {
          id
          status
          remaining { amount }
          expiresAt
        }
      }
      ... on Refusal { code message }
    }
  }
`;

export const release = graphql`
  mutation HoldReleaseMutation($input: ReleaseHoldInput!) {
    releaseHold(input: $input) {
      __typename
      ... on ReleaseHoldSuccess { hold { id status closedAt } }
      ... on Refusal { code message }
    }
  }
`;
