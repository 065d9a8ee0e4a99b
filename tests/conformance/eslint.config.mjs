// The Relay rules of @graphql-eslint, over the exported schema.
import { fileURLToPath } from 'node:url';
import graphql from '@graphql-eslint/eslint-plugin';

const schema = fileURLToPath(new URL('../../schema.graphql', import.meta.url));

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema } } },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...graphql.configs['flat/schema-relay'].rules,
      // Lists run in one direction where an index does: "a field must include forward pagination arguments,
      // backward pagination arguments, or both" (Relay's specification, section 4). What there is must be right.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      '@graphql-eslint/relay-edge-types': [
        'error',
        {
          // The `nodes` shortcut is on every connection, and what is short and whole is a plain list (`actions`,
          // `postings`, `components`). Neither is against Relay's specification.
          listTypeCanWrapOnlyEdgeType: false,
          // What happened has its place in the log for a name and is never fetched by itself. The suite checks that
          // the rows of all other lists are nodes.
          shouldImplementNode: false,
        },
      ],
    },
  },
];
