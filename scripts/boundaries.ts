// Checks the direction of imports (.dependency-cruiser.cjs). The cruiser reports success when it cannot read a file,
// so this also fails unless it has read every module of src.
import type { ICruiseResult } from 'dependency-cruiser';
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = dirname(import.meta.dirname);
const FOLDERS = ['src', 'scripts', 'tests', 'bench'].filter(
  (name) => globSync(`${name}/**/*.ts`, { cwd: ROOT }).length,
);

const child = spawnSync(
  process.execPath,
  [
    join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
    ...['--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...FOLDERS],
  ],
  { cwd: ROOT, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
);

function problems({ modules, summary }: ICruiseResult): string[] {
  const read = new Set(modules.map(({ source }) => source));
  const unread = globSync('src/**/*.ts', { cwd: ROOT })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !path.startsWith('src/generated/') && !read.has(path));
  return [
    ...(summary.totalCruised === 0 ? ['No module was read.'] : []),
    ...unread.map((path) => `not read: ${path}`),
    ...summary.violations.map(({ rule, from, to, cycle }) => {
      const way = cycle ? cycle.map(({ name }) => name).join(' → ') : to;
      return `${rule.name}: ${from} → ${way}`;
    }),
  ];
}

if (!child.stdout.startsWith('{')) {
  console.log(child.stdout + child.stderr);
  process.exitCode = 1;
} else {
  for (const problem of problems(JSON.parse(child.stdout) as ICruiseResult)) {
    console.log(problem);
    process.exitCode = 1;
  }
}
