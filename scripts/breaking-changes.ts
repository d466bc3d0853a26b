// Compares the SDL with that of the last release. A change that breaks clients is declared in
// schema/breaking-changes.json, a map from the change as printed here to its reason; a release copies
// schema/schema.graphql to schema/released.graphql and empties the map.
import { diff } from '@graphql-inspector/core';
import { buildSchema, type GraphQLSchema } from 'graphql';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const SCHEMA = join(dirname(import.meta.dirname), 'schema');
const RELEASED = join(SCHEMA, 'released.graphql');
const DECLARED = join(SCHEMA, 'breaking-changes.json');

async function problems(): Promise<string[]> {
  if (!existsSync(RELEASED)) return [];
  const changes = await diff(schemaIn(RELEASED), schemaIn(join(SCHEMA, 'schema.graphql')));
  const breaking = changes
    .filter((change) => change.criticality.level === 'BREAKING')
    .map((change) => change.message);
  const declared = existsSync(DECLARED) ? Object.keys(JSON.parse(readFileSync(DECLARED, 'utf8'))) : [];
  return [
    ...breaking.filter((message) => !declared.includes(message)).map((message) => `Not declared: ${message}`),
    ...declared
      .filter((message) => !breaking.includes(message))
      .map((message) => `Declared in vain: ${message}`),
  ];
}

function schemaIn(file: string): GraphQLSchema {
  return buildSchema(readFileSync(file, 'utf8'));
}

for (const problem of await problems()) {
  console.log(problem);
  process.exitCode = 1;
}
