import { defineConfig } from 'vitest/config';

export default defineConfig({
  // As Node resolves: vite prefers the `module` field, and the sources would get another copy than the packages do.
  resolve: {
    alias: [{ find: /^graphql$/, replacement: `${import.meta.dirname}/node_modules/graphql/index.js` }],
  },
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: 'tests/support/global-setup.ts',
    env: { NODE_ENV: 'test' },
    pool: 'forks',
    // Files of a worker share its server and database: starting them for each file took four times as long. An
    // embedded database holds some 400 MB, so the workers are few.
    isolate: false,
    maxWorkers: 2,
    testTimeout: 90_000,
    hookTimeout: 180_000,
    teardownTimeout: 10_000,
  },
});
