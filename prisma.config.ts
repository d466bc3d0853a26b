import { defineConfig } from 'prisma/config';

// The CLI would download a schema-engine binary before it does anything, even for `generate`, which
// does not use one. Naming any existing file stops that; migrations go through src/platform/migrate.ts.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({
  schema: 'prisma',
  migrations: { path: 'prisma/migrations' },
});
