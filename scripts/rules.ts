// `npm run rules [-- --json] [--strict] [--missing] [--report <file>]`: how many rules of the rulebook the last
// `npm test` has proved, by section.
//   --json     the same for machines, with the ids
//   --missing  the ids that are not proved, too
//   --strict   fails when a title names a rule that the rulebook does not have
//   --report   another report of vitest than that of the last `npm test`
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { type Coverage, coverage, type TestReport } from './rule-coverage.ts';

const ROOT = dirname(import.meta.dirname);
const CACHE = join(ROOT, 'node_modules/.cache/switchyard');

/** What scripts/test.ts notes beside the report. */
interface Run {
  readonly door: string;
  readonly arguments: readonly string[];
}

interface DescribedRun extends Run {
  readonly date: string;
}

function main(): void {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      missing: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      report: { type: 'string' },
    },
  });
  const file = values.report ?? join(CACHE, 'test-report.json');
  if (!existsSync(file)) {
    throw new Error(
      values.report === undefined
        ? 'There is no report of a test run; run `npm test` first.'
        : `There is no report ${file}.`,
    );
  }
  const report = JSON.parse(readFileSync(file, 'utf8')) as TestReport;
  if (!Array.isArray(report.testResults)) throw new Error(`${file} is no JSON report of vitest.`);
  const found = coverage(readFileSync(join(ROOT, 'docs/rulebook.md'), 'utf8'), report);
  const run = describeRun(report, values.report === undefined);
  const lines = values.json
    ? [JSON.stringify({ run, ...found }, null, 2)]
    : describe(found, run, values.missing);
  console.log(lines.join('\n'));
  for (const { id, test } of found.unknown) console.error(`There is no rule ${id}: ${test}`);
  if (values.strict && found.unknown.length > 0) process.exitCode = 1;
}

function describeRun(report: TestReport, own: boolean): DescribedRun {
  const file = join(CACHE, 'test-run.json');
  const noted: Run =
    own && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { door: 'not known', arguments: [] };
  return { date: new Date(report.startTime).toISOString(), ...noted };
}

function describe(found: Coverage, run: DescribedRun, showMissing: boolean): string[] {
  const { date, door, arguments: given } = run;
  const percent = (part: number, whole: number) =>
    `${String(Math.floor((part / whole) * 100)).padStart(3)} %`;
  const row = (proved: number, total: number, title: string) =>
    `${String(proved).padStart(4)} of ${String(total).padStart(3)} ${percent(proved, total)}  ${title}`;
  return [
    `Rules proved by the test run of ${date} (${door}${given.length > 0 ? `; only ${given.join(' ')}` : ''})`,
    ...found.sections.flatMap(({ id, title, total, proved, missing }) => [
      row(proved.length, total, `${id}. ${title}`),
      ...(showMissing && missing.length > 0 ? [`${' '.repeat(19)}missing: ${missing.join(' ')}`] : []),
    ]),
    row(found.proved, found.total, 'all'),
    ...(found.failing.length > 0 ? [`Failing: ${found.failing.join(' ')}`] : []),
    ...found.unread.map((name) => `Could not be loaded: ${relative(ROOT, name)}`),
  ];
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
