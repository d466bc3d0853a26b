// Writes the code that is derived from other files, when those have changed since it was last written:
//   src/generated    Prisma client and Pothos types, from the models
//   tests/generated  typed documents, from the SDL and schema/operations (with --operations)
// `npm start` and `npm test` begin with it; it costs a few milliseconds when there is nothing to do.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

interface Target {
  name: string;
  folder: string;
  inputs: string[];
  /** Packages whose version shapes the output. */
  packages: string[];
  output: string;
  /** The program, relative to node_modules, and its arguments. */
  command: string[];
}

const ROOT = dirname(import.meta.dirname);

const CLIENT: Target = {
  name: 'Prisma client and Pothos types',
  folder: 'src/generated',
  inputs: ['prisma.config.ts', 'prisma/**/*.prisma'],
  packages: ['prisma', '@prisma/client', '@pothos/plugin-prisma'],
  output: 'src/generated/pothos-types.ts',
  command: ['prisma/build/index.js', 'generate', '--no-hints'],
};

const OPERATIONS: Target = {
  name: 'typed documents',
  folder: 'tests/generated',
  inputs: ['codegen.ts', 'schema/schema.graphql', 'schema/operations/*.graphql'],
  packages: [
    '@graphql-codegen/cli',
    '@graphql-codegen/typed-document-node',
    '@graphql-codegen/typescript-operations',
  ],
  output: 'tests/generated/operations.ts',
  command: ['@graphql-codegen/cli/esm/bin.js', '--config', 'codegen.ts', '--errors-only'],
};

/** Brings one target up to date; false when its generator failed, whose output is then printed. */
async function generate(target: Target, force: boolean): Promise<boolean> {
  const hash = hashOf(target);
  if (!force && isCurrent(target, hash)) return true;
  mkdirSync(join(ROOT, target.folder), { recursive: true });
  const unlock = await lock(join(ROOT, target.folder, '.lock'));
  try {
    // Another process may have done the work while this one waited.
    return (!force && isCurrent(target, hash)) || run(target, hash);
  } finally {
    unlock();
  }
}

function run(target: Target, hash: string): boolean {
  const started = performance.now();
  const [program = '', ...args] = target.command;
  const modules = join(ROOT, 'node_modules');
  const child = spawnSync(process.execPath, [join(modules, program), ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    env: {
      ...process.env,
      // Prisma finds the Pothos generator by its name on the PATH, which only npm scripts extend.
      PATH: `${join(modules, '.bin')}${delimiter}${process.env.PATH}`,
      CHECKPOINT_DISABLE: '1',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
    },
  });
  if (child.status !== 0 || !existsSync(join(ROOT, target.output))) {
    console.error(`Could not generate the ${target.name}.\n${child.stdout}${child.stderr}`);
    return false;
  }
  writeFileSync(join(ROOT, target.folder, '.hash'), hash);
  console.log(`Generated the ${target.name} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return true;
}

function isCurrent(target: Target, hash: string): boolean {
  const file = join(ROOT, target.folder, '.hash');
  return existsSync(file) && readFileSync(file, 'utf8') === hash && existsSync(join(ROOT, target.output));
}

function hashOf(target: Target): string {
  const hash = createHash('sha256').update(JSON.stringify(target.command));
  for (const name of target.packages) hash.update(`${name}@${installedVersion(name)}\n`);
  for (const path of inputsOf(target)) hash.update(`${path}\n`).update(readFileSync(join(ROOT, path)));
  return hash.digest('hex');
}

function inputsOf(target: Target): string[] {
  return globSync(target.inputs, { cwd: ROOT }).sort();
}

function installedVersion(name: string): string {
  const manifest = readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** Holds the folder for this process: two generators in one folder would delete each other's files. */
async function lock(file: string): Promise<() => void> {
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (!isHeld(file)) rmSync(file, { force: true });
      await sleep(50);
    }
  }
}

/** A process that was killed leaves its lock behind; no generator takes a minute. */
function isHeld(file: string): boolean {
  try {
    if (Date.now() - statSync(file).mtimeMs > 60_000) return false;
    const owner = Number(readFileSync(file, 'utf8'));
    // Empty for the instant between creating the file and writing into it.
    if (owner !== 0) process.kill(owner, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const force = process.argv.includes('--force');
const targets = [CLIENT];
if (process.argv.includes('--operations') && inputsOf(OPERATIONS).length > 2) targets.push(OPERATIONS);
for (const target of targets) {
  if (!(await generate(target, force))) process.exit(1);
}
