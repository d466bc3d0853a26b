import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimFolder } from '../../src/platform/folder-claim.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { EXAMPLES, fileOf } from './kit.ts';

const COMMAND = join(import.meta.dirname, '../../src/cli/import.ts');
const EXTRACT = join(EXAMPLES, 'boston-311-extract.csv');
const MAPPING = ['--mapping', join(EXAMPLES, 'boston-311.mapping.json')];

let fresh: FreshDatabase;

beforeAll(async () => {
  fresh = await freshDatabase();
});

afterAll(() => fresh.drop());

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      DATA_DIR: fresh.dataDir,
      ...(fresh.databaseUrl ? { DATABASE_URL: fresh.databaseUrl } : {}),
      ...env,
    },
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, err] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  return { code: await ended, out, err };
}

// Each starts a process, and most of them an embedded database: seconds on a busy machine.
describe('npm run import', { timeout: 150_000 }, () => {
  test('imports a file and says what became of it, and the same again', async () => {
    const first = await run(['tickets', EXTRACT, ...MAPPING]);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(/^307 rows in .* rows\/s\): 307 new, 0 changed, 0 unchanged, 0 refused\.\n$/);
    const second = await run(['tickets', EXTRACT, ...MAPPING]);
    expect(second).toMatchObject({ code: 0, err: '' });
    expect(second.out).toMatch(/: 0 new, 0 changed, 307 unchanged, 0 refused\.\n$/);
  });

  test('prints the first twenty refused cells, writes all of them, and exits with 1', async () => {
    const header = 'source,externalId,category,channel,subject,openedAt';
    const lines = Array.from(
      { length: 25 },
      (_, index) => `s,${index},INQUIRY,"FAX, ""PIGEON""",x,2026-01-05`,
    );
    const path = fileOf('fax.csv', [header, ...lines, 's,good,INQUIRY,EMAIL,x,2026-01-05'].join('\n'));
    const errors = fileOf('errors.csv', '');
    const { code, out, err } = await run(['tickets', path, '--errors', errors, '--dry-run']);
    expect(code).toBe(1);
    expect(out).toMatch(
      /^Dry run: nothing was written\.\n26 rows in .*: 1 new, 0 changed, 0 unchanged, 25 refused\.\n$/,
    );
    expect(err.trimEnd().split('\n')).toHaveLength(21);
    expect(err).toMatch(
      /^line 2, column channel: "FAX, \\"PIGEON\\"" is not accepted; accepted: one of PHONE, EMAIL, ON_SITE, LETTER, ONLINE, OTHER\n/,
    );
    expect(err).toContain(`… and 5 more: ${errors}`);
    const written = readFileSync(errors, 'utf8').trimEnd().split('\n');
    expect(written).toHaveLength(26);
    expect(written.slice(0, 2)).toEqual([
      'line,column,value,accepted',
      '2,channel,"FAX, ""PIGEON""","one of PHONE, EMAIL, ON_SITE, LETTER, ONLINE, OTHER"',
    ]);
  });

  test('speaks the language of the terminal', async () => {
    const { err } = await run(['payments', 'x.csv'], { LANG: 'zh_CN.UTF-8' });
    expect(err).toBe(
      '不能导入“payments”。可用：tickets, customers, contacts, shipments, employees, targets, budgets, visits, contact-logs。详见 --help。\n',
    );
  });

  const mistakes: [string, string[], number, RegExp][] = [
    [
      'a kind that cannot be imported',
      ['payments', EXTRACT],
      2,
      /^"payments" cannot be imported\. Accepted: tickets, customers, contacts, shipments, employees, targets, budgets, visits, contact-logs\./,
    ],
    ['no file', ['tickets'], 2, /^One file is needed after tickets\.\n$/],
    ['a file that is not there', ['tickets', 'absent.csv'], 1, /^There is no file absent\.csv\.\n$/],
    [
      'a file of unknown form',
      ['tickets', 'list.ods'],
      2,
      /^--format is needed for this file; accepted: csv, xlsx, json, ndjson\.\n$/,
    ],
    [
      'an unknown encoding',
      ['tickets', EXTRACT, '--encoding', 'ebcdic'],
      2,
      /^--encoding is "ebcdic"; accepted: utf-8, gb18030, utf-16le, latin1\.\n$/,
    ],
    ['an unknown option', ['tickets', EXTRACT, '--dryrun'], 2, /--dryrun/],
    [
      'an error file in no folder',
      ['tickets', EXTRACT, ...MAPPING, '--errors', '/absent/errors.csv'],
      1,
      /^--errors \/absent\/errors\.csv cannot be written: /,
    ],
  ];
  test.each(mistakes)('%s is one line', async (_what, args, expected, message) => {
    const { code, out, err } = await run(args);
    expect({ code, out }).toEqual({ code: expected, out: '' });
    expect(err).toMatch(message);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('On the embedded database', { timeout: 150_000 }, () => {
  test('a dry run needs none and makes none', async () => {
    const dataDir = join(mkdtempSync(join(tmpdir(), 'switchyard-import-')), 'data');
    const { code, out } = await run(['tickets', EXTRACT, ...MAPPING, '--dry-run'], {
      DATA_DIR: dataDir,
      DATABASE_URL: '',
    });
    expect(code).toBe(0);
    expect(out).toMatch(/: 307 new, 0 changed, 0 unchanged, 0 refused\.\n$/);
    expect(existsSync(dataDir)).toBe(false);
  });

  test('one that a server has open is left alone', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-import-'));
    const release = claimFolder(dataDir);
    const { code, err } = await run(['tickets', EXTRACT, ...MAPPING], {
      DATA_DIR: dataDir,
      DATABASE_URL: '',
    });
    release();
    expect(code).toBe(1);
    expect(err).toBe(
      `DATA_DIR "${dataDir}" is in use by process ${process.pid}; stop it, choose another DATA_DIR, or set DATABASE_URL to share one database.\n`,
    );
  });
});
