import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZipFile } from 'yazl';
import { type BenchDatabase, openBenchDatabase } from '../support/database.ts';
import { median, table, writeReport } from '../support/report.ts';

export interface ImportOptions {
  readonly rows: number;
  readonly rounds: number;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

const ROOT = join(import.meta.dirname, '../..');
/** The short file that the long one is held against, as a part of it. */
const SHORT = 0.1;
/** Tickets per second, at least. */
const TARGET = 5_000;
/** What a long file may take beyond a short one. */
const MOST_MB = 64;
const SAMPLE_MS = 100;
/** V8 lets a heap grow rather than collect it; held to this, the peak shows what the rows need. */
const HEAP = '--max-old-space-size=192';

const COLUMNS = ['编号', '主题', '内容', '渠道', '受理', '解决', '结案', '期限', '来电人', '电话', '索赔'];

const MAPPING = {
  kind: 'tickets',
  source: 'bench',
  externalId: '编号',
  format: 'YYYY-MM-DD HH:mm:ss',
  timeZone: 'Asia/Shanghai',
  fields: {
    category: { constant: 'COMPLAINT' },
    status: { constant: 'CLOSED' },
    subject: '主题',
    content: '内容',
    channel: { column: '渠道', values: { 电话: 'PHONE', 邮件: 'EMAIL', 在线: 'ONLINE' } },
    openedAt: '受理',
    resolvedAt: '解决',
    closedAt: '结案',
    resolutionDueAt: '期限',
    callerName: '来电人',
    callerPhone: '电话',
    claimAmount: '索赔',
  },
};

interface Measurement {
  readonly perSecond: number;
  readonly seconds: number;
  /** Highest resident set of the process; null where the system does not tell. */
  readonly peakMb: number | null;
}

/** Imports tickets from CSV and XLSX beside the database's own writing of the same rows, and watches the memory. */
export async function importBenchmark(options: ImportOptions): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-bench-import-'));
  try {
    const mapping = join(folder, 'mapping.json');
    writeFileSync(mapping, JSON.stringify(MAPPING));
    const short = Math.round(options.rows * SHORT);
    const files: { name: string; rows: number; path: string }[] = [];
    for (const rows of [short, options.rows]) {
      for (const format of ['CSV', 'XLSX'] as const) {
        const path = join(folder, `${rows}.${format.toLowerCase()}`);
        await (format === 'CSV' ? writeCsv(path, rows) : writeXlsx(path, rows));
        files.push({ name: `${format} ${rows}`, rows, path });
      }
    }
    const taken = new Map<string, Measurement[]>();
    const note = (name: string, measurement: Measurement) => {
      taken.set(name, [...(taken.get(name) ?? []), measurement]);
      console.log(
        `${name}: ${measurement.perSecond.toFixed(0)} rows/s, peak ${measurement.peakMb?.toFixed(0) ?? '–'} MB`,
      );
    };
    let version = '';
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const { name, rows, path } of files) {
        options.signal.throwIfAborted();
        const database = await openBenchDatabase();
        try {
          await migrateOnly(database);
          note(name, await imported(database, path, mapping, rows));
          if (rows === options.rows && name.startsWith('CSV'))
            note('INSERT … SELECT', await copied(database, rows));
          version = await versionOf(database);
        } finally {
          await database.drop();
        }
      }
    }
    const report = describe(options, taken, short, version);
    console.log(`\n${report.text}\n`);
    writeReport('import', report.text);
    return report.met;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An empty database with everything that a first start writes. */
async function migrateOnly({ url }: BenchDatabase): Promise<void> {
  const child = spawn(process.execPath, ['src/cli/migrate.ts'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, DATABASE_URL: url },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`The migration ended with ${code}.`);
}

async function imported(
  { url, client }: BenchDatabase,
  path: string,
  mapping: string,
  rows: number,
): Promise<Measurement> {
  const started = performance.now();
  const child = spawn(process.execPath, [HEAP, 'src/cli/import.ts', 'tickets', path, '--mapping', mapping], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, DATABASE_URL: url },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let peakMb: number | null = null;
  const sampling = setInterval(() => {
    peakMb = memoryPeak(child.pid) ?? peakMb;
  }, SAMPLE_MS);
  const [code] = await once(child, 'exit');
  clearInterval(sampling);
  const seconds = (performance.now() - started) / 1000;
  const { rows: found } = await client.query<{ count: number }>('select count(*)::int as count from ticket');
  if (code !== 0 || found[0]?.count !== rows) {
    throw new Error(`The import ended with ${code}; ${found[0]?.count} of ${rows} tickets are there.`);
  }
  return { perSecond: rows / seconds, seconds, peakMb };
}

/** The same rows once more into a table with the same indexes, by one statement. */
async function copied({ client }: BenchDatabase, rows: number): Promise<Measurement> {
  await client.query('create table bench_ticket (like ticket including all)');
  const started = performance.now();
  await client.query('insert into bench_ticket select * from ticket');
  const seconds = (performance.now() - started) / 1000;
  return { perSecond: rows / seconds, seconds, peakMb: null };
}

function memoryPeak(pid: number | undefined): number | null {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return kilobytes ? Number(kilobytes[1]) / 1024 : null;
  } catch (error) {
    // The process has ended, or the system has no /proc.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

const START = Date.UTC(2025, 0, 1);
const MINUTE = 60_000;

/** The cells of a row; times as milliseconds. */
function cellsOf(row: number): (string | number)[] {
  const opened = START + row * MINUTE;
  return [
    `B${row}`,
    `包裹延误 ${row}`,
    `客户反映第 ${row} 票包裹延误两天，要求说明原因并赔偿。The parcel was two days late.`,
    ['电话', '邮件', '在线'][row % 3] as string,
    opened,
    opened + (600 + (row % 4000)) * MINUTE,
    opened + (700 + (row % 4000)) * MINUTE,
    opened + 2880 * MINUTE,
    `客户${row % 997}`,
    `139${String(row % 100_000_000).padStart(8, '0')}`,
    `${row % 5000}.50`,
  ];
}

async function writeLines(path: string, lines: Iterable<string>): Promise<void> {
  const file = createWriteStream(path);
  for (const line of lines) if (!file.write(line)) await once(file, 'drain');
  file.end();
  await once(file, 'close');
}

async function writeCsv(path: string, rows: number): Promise<void> {
  const wall = (at: number) => new Date(at).toISOString().slice(0, 19).replace('T', ' ');
  await writeLines(
    path,
    (function* () {
      yield `${COLUMNS.join(',')}\n`;
      for (let row = 1; row <= rows; row += 1) {
        yield `${cellsOf(row)
          .map((cell) => (typeof cell === 'number' ? wall(cell) : cell))
          .join(',')}\n`;
      }
    })(),
  );
}

/** Dates as cells that are dates, texts in the cells: the way that programs write which write as a stream. */
async function writeXlsx(path: string, rows: number): Promise<void> {
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const zip = new ZipFile();
  const part = (name: string, xml: string) => zip.addBuffer(Buffer.from(xml), name);
  part('[Content_Types].xml', '<Types/>');
  part(
    '_rels/.rels',
    `<Relationships><Relationship Id="a" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  );
  part(
    'xl/workbook.xml',
    `<workbook xmlns:r="${office}"><sheets><sheet name="工单" sheetId="1" r:id="s"/></sheets></workbook>`,
  );
  part(
    'xl/_rels/workbook.xml.rels',
    `<Relationships><Relationship Id="s" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="y" Type="${office}/styles" Target="styles.xml"/></Relationships>`,
  );
  part('xl/styles.xml', '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>');
  const serial = (at: number) => (at - Date.UTC(1899, 11, 30)) / 86_400_000;
  const cell = (value: string | number) =>
    typeof value === 'number'
      ? `<c s="1"><v>${serial(value)}</v></c>`
      : `<c t="inlineStr"><is><t>${value}</t></is></c>`;
  const sheet = join(path, '..', 'sheet.xml');
  await writeLines(
    sheet,
    (function* () {
      yield `<worksheet><sheetData><row r="1">${COLUMNS.map(cell).join('')}</row>`;
      for (let row = 1; row <= rows; row += 1)
        yield `<row r="${row + 1}">${cellsOf(row).map(cell).join('')}</row>`;
      yield '</sheetData></worksheet>';
    })(),
  );
  zip.addFile(sheet, 'xl/worksheets/sheet1.xml');
  zip.end();
  const file = createWriteStream(path);
  zip.outputStream.pipe(file);
  await once(file, 'close');
}

async function versionOf({ client }: BenchDatabase): Promise<string> {
  const { rows } = await client.query<{ server_version: string }>('show server_version');
  return rows[0]?.server_version.split(' ', 1)[0] ?? '';
}

function describe(
  options: ImportOptions,
  taken: ReadonlyMap<string, readonly Measurement[]>,
  short: number,
  version: string,
): { text: string; met: boolean } {
  const middle = (name: string, value: (one: Measurement) => number | null) => {
    const values = (taken.get(name) ?? []).map(value);
    return values.some((one) => one === null) ? null : median(values as number[]);
  };
  const reference = middle('INSERT … SELECT', (one) => one.perSecond) ?? Number.NaN;
  const rows = [...taken.keys()].map((name) => {
    const perSecond = middle(name, (one) => one.perSecond) ?? Number.NaN;
    return [
      name,
      perSecond.toFixed(0),
      (perSecond / reference).toFixed(2),
      (middle(name, (one) => one.seconds) ?? Number.NaN).toFixed(1),
      middle(name, (one) => one.peakMb)?.toFixed(0) ?? '–',
    ];
  });
  const formats = ['CSV', 'XLSX'].map((format) => {
    const long = middle(`${format} ${options.rows}`, (one) => one.peakMb);
    const little = middle(`${format} ${short}`, (one) => one.peakMb);
    return {
      format,
      perSecond: middle(`${format} ${options.rows}`, (one) => one.perSecond) ?? 0,
      growth: long === null || little === null ? null : long - little,
    };
  });
  const met = formats.every(
    ({ perSecond, growth }) => perSecond >= TARGET && (growth === null || growth <= MOST_MB),
  );
  const said = formats.map(({ format, growth }) => `${format} ${growth?.toFixed(0) ?? '–'} MB`).join(', ');
  const text = [
    `\`npm run bench -- import --rows ${options.rows} --rounds ${options.rounds}\``,
    '',
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model.trim()}), load ${loadavg()[0]?.toFixed(1)} at the end; Node ${process.versions.node}, PostgreSQL ${version}; median of ${options.rounds} rounds.`,
    '',
    table(['import', 'rows/s', 'ratio to INSERT', 'seconds', 'peak of the process, MB'], rows),
    '',
    `Ten times the rows took this much more memory: ${said}. Targets: at least ${TARGET} rows/s of the long files and at most ${MOST_MB} MB: ${met ? 'met' : 'MISSED'}.`,
  ].join('\n');
  return { text, met };
}
