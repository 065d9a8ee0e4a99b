/** Konto over GraphQL. See docs/clients.md. */
export { Konto, backOff, type KontoOptions, type RunOptions } from './client.js';
export { KontoError, type Fault, type Retry } from './errors.js';
export { clientCredentials, type ClientCredentials, type TokenSource } from './token.js';
export type { Follow } from './follow.js';
export type { Operation } from './documents.js';
export { possibleTypes } from './possible-types.js';
