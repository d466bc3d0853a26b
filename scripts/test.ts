// `npm test [-- vitest arguments]`: says what the suite runs on and what it skips, then runs it.
//   TEST_DATABASE_URL or DATABASE_URL  PostgreSQL whose user may create databases; without it the embedded database
//   TEST_REDIS_URL or REDIS_URL        Redis; without it the bus in the process
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configured, LOCAL, type Services, services } from '../tests/support/services.ts';

const MODULES = join(dirname(import.meta.dirname), 'node_modules');
const CACHE = join(MODULES, '.cache/switchyard');
const REPORT = join(CACHE, 'test-report.json');
/** Beside the report: what it was made on, for `npm run rules`. */
const RUN = join(CACHE, 'test-run.json');

function doorOf(found: Services): string {
  const database =
    found.postgres && configured.postgres ? `PostgreSQL at ${host(found.postgres)}` : 'embedded';
  const bus = found.redis && configured.redis ? `Redis at ${host(found.redis)}` : 'in the process';
  return `Database: ${database}. Live bus: ${bus}.`;
}

function describe(found: Services): string[] {
  const lines = [doorOf(found)];
  for (const [name, service] of [
    ['PostgreSQL', 'postgres'],
    ['Redis', 'redis'],
  ] as const) {
    if (configured[service]) continue;
    const url = found[service];
    lines.push(
      url
        ? `Only the tests that need ${name} use the one at ${host(url)}.`
        : `Skipped: the tests that need ${name}, because none answers at ${host(LOCAL[service])}.`,
    );
  }
  return lines;
}

function host(url: string): string {
  return new URL(url).host;
}

async function main(): Promise<void> {
  const found = await services();
  for (const line of describe(found)) console.log(line);
  // A run that does not get as far as a report leaves none, rather than the last one.
  rmSync(REPORT, { force: true });
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(RUN, JSON.stringify({ door: doorOf(found), arguments: process.argv.slice(2) }));
  const child = spawnSync(
    process.execPath,
    [
      join(MODULES, 'vitest/vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${REPORT}`,
      ...process.argv.slice(2),
    ],
    { stdio: 'inherit' },
  );
  process.exitCode = child.status ?? 1;
}

main().catch((error: unknown) => {
  const cause = error instanceof Error && error.cause instanceof Error ? ` ${error.cause.message}` : '';
  console.error(error instanceof Error ? error.message + cause : error);
  process.exitCode = 1;
});
