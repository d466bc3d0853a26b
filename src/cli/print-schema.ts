// Prints the SDL, sorted, to schema/schema.graphql; with --check says whether the file is fresh.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { schema } from '../schema.ts';

const FILE = join(import.meta.dirname, '../../schema/schema.graphql');
const printed = `${printSchema(lexicographicSortSchema(schema))}\n`;

if (process.argv.includes('--check')) {
  if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== printed) {
    console.error('schema/schema.graphql is stale; run npm run generate:schema.');
    process.exitCode = 1;
  }
} else {
  writeFileSync(FILE, printed);
}
