/** What the server tells the page at start, so that it needs no inline script. */
export interface Config {
  /** A token for the demo tenant, or null where people sign in themselves. */
  token: string | null;
  tokenUrl: string;
  title: string;
  operations: SavedOperation[];
}

export interface SavedOperation {
  name: string;
  query: string;
  variables?: Record<string, unknown> | null;
}

export async function fetchConfig(): Promise<Config> {
  const response = await fetch('/explorer/config.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`The server did not say how to start (HTTP ${response.status}).`);
  return response.json();
}

/**
 * The variables of a saved operation as the editor shows them. Each `{{key}}` becomes a new
 * idempotency key: an operation opened afresh moves money once, and running it again replays it.
 */
export function variablesText(operation: SavedOperation): string | undefined {
  const { variables } = operation;
  if (!variables || Object.keys(variables).length === 0) return undefined;
  const fresh = (_name: string, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('{{key}}', randomKey) : value;
  return JSON.stringify(variables, fresh, 2);
}

function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `explorer-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
