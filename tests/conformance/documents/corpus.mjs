// Reads corpus.txt, which says how it is written.
import { readFileSync } from 'node:fs';

const text = readFileSync(new URL('corpus.txt', import.meta.url), 'utf8');

/** `{ verdict, about, errs, document, variables, operationName }` of each; `errs` where the reference does. */
export const corpus = text
  .split(/^=== /m)
  .slice(1)
  .map((part) => {
    const end = part.indexOf('\n');
    const [, verdict, star, about] = /^(valid|invalid)(\*?) (\S.*)$/.exec(part.slice(0, end));
    const [document, variables] = part.slice(end + 1).split(/^---\n/m);
    const operationName = /^\W*("runs" )?(query|mutation) Run\b/.test(document) ? 'Run' : undefined;
    return { verdict, about, errs: star === '*', document, variables: variables && JSON.parse(variables), operationName };
  });
