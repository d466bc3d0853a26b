// `npm run check`: everything that CI asks besides the tests. Runs all steps, shows the output of those that fail.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';

const ROOT = dirname(import.meta.dirname);

/** What is asked, and the program that answers, by its path and arguments. */
const STEPS: [name: string, program: string, ...args: string[]][] = [
  ['generated code', 'scripts/generate.ts', '--operations'],
  ['style', 'node_modules/@biomejs/biome/bin/biome', 'ci', '--colors=off', '--error-on-warnings'],
  ['types', 'node_modules/typescript/bin/tsc', '--noEmit'],
  ['boundaries', 'scripts/boundaries.ts'],
  ['unused code', 'node_modules/knip/bin/knip.js', '--no-progress'],
  ['migrations make the models', 'scripts/migrate-drift.ts'],
  ['SDL is fresh', 'src/cli/print-schema.ts', '--check'],
  ['SDL breaks no client', 'scripts/breaking-changes.ts'],
];

function passes([name, program, ...args]: (typeof STEPS)[number]): boolean {
  const started = performance.now();
  const child = spawnSync(process.execPath, [join(ROOT, program), ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
  });
  const passed = child.status === 0;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${passed ? 'passed' : 'FAILED'}  ${name} (${seconds} s)`);
  if (!passed) console.log(`\n${`${child.stdout}${child.stderr}`.trim()}\n`);
  return passed;
}

const failed = STEPS.filter((step) => !passes(step)).map(([name]) => name);
console.log(failed.length === 0 ? `All ${STEPS.length} checks passed` : `Failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
