/** Whether a request that failed may be sent again: see "Faults" in docs/clients.md. */
export type Retry = 'NO' | 'SAFE' | 'SAME_KEY';

/** A GraphQL error as Konto writes it. */
export interface Fault {
  message: string;
  path?: (string | number)[];
  extensions?: {
    code?: string;
    retry?: Retry;
    /** In seconds. */
    retryAfter?: number;
    requestId?: string;
    /** Of a subscription that ended: what to go on from. */
    cursor?: string;
  };
}

/** What an operation failed with, once nothing more is to be tried. */
export class KontoError extends Error {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map((fault) => fault.message).join('; ') || 'the operation failed');
    this.name = 'KontoError';
    this.faults = faults;
  }

  /** The code of the first fault: `FORBIDDEN`, `BAD_REQUEST`, ... */
  get code(): string | undefined {
    return this.faults[0]?.extensions?.code;
  }

  /** To be named to whoever runs the server. */
  get requestId(): string | undefined {
    return this.faults[0]?.extensions?.requestId;
  }

  /** The strictest of the faults: one that forbids a repetition is enough. */
  get retry(): Retry {
    const all = this.faults.map((fault) => fault.extensions?.retry ?? 'NO');
    if (all.length === 0 || all.includes('NO')) return 'NO';
    return all.includes('SAME_KEY') ? 'SAME_KEY' : 'SAFE';
  }

  /** In seconds, where the server says how long to wait. */
  get retryAfter(): number | undefined {
    const all = this.faults.flatMap((fault) => fault.extensions?.retryAfter ?? []);
    return all.length === 0 ? undefined : Math.max(...all);
  }
}
