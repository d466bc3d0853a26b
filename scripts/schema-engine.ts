// Prisma's schema engine, in WebAssembly, on a PostgreSQL in memory: it compares the models with what the migrations
// make, without a server and without a download. It serves authors only; src/platform/migrate.ts applies.
import { PGlite } from '@electric-sql/pglite';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaEngine as Engine } from '@prisma/schema-engine-wasm';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import prismaConfig from '../prisma.config.ts';
import { embeddedConnection, migrate } from '../src/platform/migrate.ts';

/** What is used of a global that Node has and @types/node does not describe. */
declare const WebAssembly: {
  instantiate(code: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>;
};

const ROOT = dirname(import.meta.dirname);

export const MIGRATIONS = join(ROOT, 'prisma/migrations');

/**
 * The SQL that would bring the database of the migrations to the models; empty when they agree.
 *
 * Migrations may make by hand what models cannot say, and the comparison does not see it: checks, exclusions, partial
 * indexes and indexes over expressions, partitions, triggers, functions, views, generated columns (in the model
 * `@default(dbgenerated())`) and other schemas than public. Two things need a word:
 * - an index over plain columns with INCLUDE, NULLS LAST, a collation or an operator class: name it `…_sql`;
 * - a table or enum without a model: list it in prisma.config.ts under `tables.external` or `enums.external`.
 */
export async function schemaDifference(): Promise<string> {
  const lite = await PGlite.create();
  try {
    if (existsSync(MIGRATIONS) && readdirSync(MIGRATIONS).length > 0) {
      await migrate(embeddedConnection(lite), { directory: MIGRATIONS, log: () => undefined });
      await dropHandmadeIndexes(lite);
    }
    return await difference(lite);
  } finally {
    await lite.close();
  }
}

async function dropHandmadeIndexes(lite: PGlite): Promise<void> {
  await lite.exec(`do $$
    declare handmade regclass;
    begin
      for handmade in
        select indexrelid from pg_stat_user_indexes where schemaname = 'public' and indexrelname like '%\\_sql'
      loop
        execute format('drop index %s', handmade);
      end loop;
    end $$`);
}

async function difference(lite: PGlite): Promise<string> {
  const files = globSync('prisma/**/*.prisma', { cwd: ROOT })
    .sort()
    .map((path) => ({ path, content: readFileSync(join(ROOT, path), 'utf8') }));
  const SchemaEngine = await loadEngine();
  const engine = await SchemaEngine.new(
    { datamodels: files.map(({ path, content }) => [path, content]) },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(new PrismaPGlite(lite)),
  );
  const { stdout } = await engine.diff({
    from: { tag: 'schemaDatasource', files, configDir: ROOT },
    to: { tag: 'schemaDatamodel', files },
    script: true,
    exitCode: null,
    filters: {
      externalTables: prismaConfig.tables?.external ?? [],
      externalEnums: prismaConfig.enums?.external ?? [],
    },
  });
  // The engine says "This is an empty migration" in a comment.
  const statements = (stdout ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('--'));
  return statements.length > 0 ? `${stdout?.trim()}\n` : '';
}

/** The package's own entry imports the .wasm as a module, which Node does not do without a flag. */
async function loadEngine(): Promise<typeof Engine> {
  const file = join(ROOT, 'node_modules/@prisma/schema-engine-wasm/schema_engine_bg.wasm');
  const { instance } = await WebAssembly.instantiate(readFileSync(file), {
    './schema_engine_bg.js': bindings,
  });
  bindings.__wbg_set_wasm(instance.exports);
  (instance.exports.__wbindgen_start as () => void)();
  return bindings.SchemaEngine;
}
