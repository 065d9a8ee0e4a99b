import type { SavedOperation } from './config';

const NAMESPACE = 'konto-explorer';
const PER_SERVER = ['graphiql:tabState', 'graphiql:query', 'graphiql:variables'];
const WITH_HEADERS = ['graphiql:queries', 'graphiql:favorites'];

/** The part of the Web Storage interface that GraphiQL uses. */
export interface EditorStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  clear(): void;
  readonly length: number;
}

/**
 * Keeps tabs and history in the browser, with two rules of our own: tabs belong to the list of
 * saved operations they came from, so that a new list is opened rather than hidden behind old
 * tabs; and headers are never written, because they hold the token.
 */
export function createStorage(operations: SavedOperation[]): EditorStorage {
  const list = digest(JSON.stringify(operations));
  const place = (key: string) => (PER_SERVER.includes(key) ? `${NAMESPACE}:${list}:${key}` : `${NAMESPACE}:${key}`);
  const own = () => Object.keys(localStorage).filter((key) => key.startsWith(`${NAMESPACE}:`));
  forgetOtherLists(list);
  return {
    getItem: (key) => localStorage.getItem(place(key)),
    setItem(key, value) {
      if (key === 'graphiql:headers') return;
      localStorage.setItem(place(key), WITH_HEADERS.includes(key) ? withoutHeaders(value) : value);
    },
    removeItem: (key) => localStorage.removeItem(place(key)),
    clear: () => own().forEach((key) => localStorage.removeItem(key)),
    get length() {
      return own().length;
    },
  };
}

/** Tabs of another list cannot come back by themselves; without this they would pile up. */
function forgetOtherLists(list: string) {
  for (const key of Object.keys(localStorage)) {
    const isTabs = PER_SERVER.some((name) => key.startsWith(`${NAMESPACE}:`) && key.endsWith(`:${name}`));
    if (isTabs && !key.startsWith(`${NAMESPACE}:${list}:`)) localStorage.removeItem(key);
  }
}

function withoutHeaders(json: string): string {
  return JSON.stringify(JSON.parse(json), (name, value) => (name === 'headers' ? undefined : value));
}

/** Tells two lists apart; nothing depends on it being hard to forge. (FNV-1a, 32 bits) */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(16);
}
