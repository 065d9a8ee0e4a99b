import { graphql } from 'relay-runtime';

export const fragment = graphql`
  fragment AccountRow_account on Account {
    number
    family
    status
    openedOn
    metadata
    owner { name }
    balance { amount currency }
    available { amount currency }
    actions { action allowed reason }
  }
`;
