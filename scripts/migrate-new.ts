// `npm run migrate:new -- <name> [--empty]`: writes the migration that brings the database to the models. Read it
// before committing it; what models cannot say (see schema-engine.ts) is added by hand. --empty is for SQL by hand only.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { MIGRATIONS, schemaDifference } from './schema-engine.ts';

const [name = '', ...options] = process.argv.slice(2);

async function main(): Promise<void> {
  if (!/^[a-z0-9_]+$/.test(name)) {
    throw new Error('Name the migration in lower case: npm run migrate:new -- add_ticket_channel');
  }
  const difference = await schemaDifference();
  if (difference === '' && !options.includes('--empty')) {
    throw new Error('The models and the migrations agree. For SQL written by hand add --empty.');
  }
  const timestamp = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const folder = join(MIGRATIONS, `${timestamp}_${name}`);
  const file = join(folder, 'migration.sql');
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, difference);
  console.log(`Wrote ${relative(process.cwd(), file)}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
