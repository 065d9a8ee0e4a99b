// Writes src/possible-types.ts from schema.graphql: which types stand behind each interface and union, for caches
// (Apollo's `possibleTypes`, urql's graphcache).
import { readFileSync, writeFileSync } from 'node:fs';
import { buildSchema, isAbstractType } from 'graphql';

const schema = buildSchema(readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8'));
const abstract = Object.values(schema.getTypeMap()).filter((type) => isAbstractType(type) && !type.name.startsWith('__'));
const lines = abstract
  .sort((one, other) => (one.name < other.name ? -1 : 1))
  .map((type) => {
    const names = schema.getPossibleTypes(type).map((possible) => `'${possible.name}'`).sort();
    return `  ${type.name}: [${names.join(', ')}],\n`;
  });
const text =
  '// Made by scripts/possible-types.mjs from schema.graphql.\n\n' +
  '/** Which types stand behind each interface and union. */\n' +
  `export const possibleTypes: Record<string, string[]> = {\n${lines.join('')}};\n`;
writeFileSync(new URL('../src/possible-types.ts', import.meta.url), text);
