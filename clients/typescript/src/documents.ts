/**
 * An operation: a text, or what code generators make of one. graphql-codegen's client preset with
 * `documentMode: 'string'` and gql.tada give documents that know the types of their data and variables.
 */
export type Operation<Data = unknown, Variables = Record<string, unknown>> =
  | string
  | { toString(): string; __apiType?: (variables: Variables) => Data }
  | { kind: 'Document'; loc?: { source: { body: string } }; __apiType?: (variables: Variables) => Data };

/** The operation's text. */
export function textOf(operation: Operation<never, never> | Operation): string {
  if (typeof operation === 'string') return operation;
  if ('kind' in operation && operation.kind === 'Document') {
    const text = operation.loc?.source.body;
    if (text === undefined) throw new TypeError('the document has lost its text: print it, and hand the text over');
    return text;
  }
  return operation.toString();
}

/** Whether it is a mutation, for which a repetition needs the same idempotency key. */
export function isMutation(text: string): boolean {
  return /^\s*(#[^\n]*\n\s*)*mutation\b/.test(text);
}
