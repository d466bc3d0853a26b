// Sums what .ci/run left in a folder: <suite>.json (vitest's report) and <name>.code (exit codes). The line it prints
// is the last one of CI; the exit code says whether everything passed.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
}

const folder = process.argv[2] ?? '.';

function exitCode(name: string): number {
  const file = join(folder, `${name}.code`);
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 1;
}

function suite(name: string): { passed: number; failed: number } {
  const file = join(folder, `${name}.json`);
  const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : undefined;
  const passed = report?.numPassedTests ?? 0;
  // A file that cannot be loaded fails without a single test.
  const broken = report?.testResults.filter(
    (result) => result.status === 'failed' && !result.assertionResults.length,
  );
  const failed = (report?.numFailedTests ?? 0) + (broken?.length ?? 0);
  return { passed, failed: Math.max(failed, exitCode(name) === 0 && passed > 0 ? 0 : 1) };
}

const suites = ['embedded', 'services'].map(suite);
const passed = suites.reduce((sum, result) => sum + result.passed, 0);
const failed = suites.reduce((sum, result) => sum + result.failed, 0) + (exitCode('check') === 0 ? 0 : 1);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
