// Runs once before the suite, in vitest's main process: makes the migrated databases that the workers copy.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { CACHE, createDatabase, dropDatabase, embeddedTemplate, onServer } from './migrated.ts';
import { configured, services } from './services.ts';

const PREFIX = 'switchyard_test_';
/** What a killed run leaves behind is removed by a later one, when no run can still be using it. */
const STALE_AFTER_SECONDS = 6 * 60 * 60;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { postgres } = await services();
  const started = Math.floor(Date.now() / 1000);
  const run = `${PREFIX}${started}_${randomUUID().slice(0, 8)}`;
  const folder = join(CACHE, 'runs', run);
  async function teardown(): Promise<void> {
    if (postgres) await dropDatabases(postgres, (name) => name.startsWith(run));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  removeStaleFolders(started);
  if (postgres) await dropDatabases(postgres, (name) => startOf(name) < started - STALE_AFTER_SECONDS);
  mkdirSync(folder, { recursive: true });
  try {
    const server = configured.postgres;
    project.provide('databases', {
      run,
      folder,
      server,
      embedded: server ? null : await embeddedTemplate(),
      clones: server ? await clones(server, run, Number(project.config.maxWorkers)) : [],
    });
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}

/** One database per worker, cloned from a migrated one: some 40 ms each. */
async function clones(server: string, template: string, workers: number): Promise<string[]> {
  await createDatabase(server, template);
  const urls: string[] = [];
  for (let worker = 1; worker <= workers; worker += 1) {
    urls.push(await createDatabase(server, `${template}_worker_${worker}`, template));
  }
  return urls;
}

function startOf(name: string): number {
  return Number(name.slice(PREFIX.length).split('_')[0]);
}

async function dropDatabases(server: string, wanted: (name: string) => boolean): Promise<void> {
  const rows = await onServer(server, (connection) =>
    connection.query<{ name: string }>(
      'select datname as name from pg_database where starts_with(datname, $1)',
      [PREFIX],
    ),
  );
  for (const { name } of rows) {
    if (wanted(name)) await dropDatabase(server, name);
  }
}

function removeStaleFolders(now: number): void {
  const runs = join(CACHE, 'runs');
  for (const name of existsSync(runs) ? readdirSync(runs) : []) {
    const age = now - statSync(join(runs, name)).mtimeMs / 1000;
    if (age > STALE_AFTER_SECONDS) rmSync(join(runs, name), { recursive: true, force: true });
  }
}
