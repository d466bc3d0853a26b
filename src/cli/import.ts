// `npm run import -- <kind> <file> [options]`: brings records of another system into the database of DATABASE_URL, or
// into the embedded one under DATA_DIR.
import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareImport } from '../import/file.ts';
import { IMPORT_KINDS } from '../import/kinds.ts';
import { type Format, FORMATS, formatOf } from '../import/records.ts';
import { problemCsv, problemHeader, problemLine, progressLine, summary } from '../import/report.ts';
import type { Problem } from '../import/problem.ts';
import type { ImportCounts } from '../import/run.ts';
import { ImportStopped } from '../import/stopped.ts';
import { type Encoding, ENCODINGS } from '../import/text-file.ts';
import { inLocale, preferredLocale, type Text, text } from '../lib/text.ts';
import { systemClock } from '../platform/clock.ts';
import { type Database, isConnectionFailure, openEmbedded, openPostgres } from '../platform/database.ts';
import { type Environment, EnvironmentError, readEnvironment } from '../platform/environment.ts';
import { FolderInUse } from '../platform/folder-claim.ts';
import { migrate, MigrationError, pendingMigrations } from '../platform/migrate.ts';
import type { Queryable } from '../platform/sql.ts';

const MIGRATIONS = join(import.meta.dirname, '../../prisma/migrations');

/** Problems that are printed; a file that is wrong throughout must not flood the screen. */
const PRINTED = 20;
const PROGRESS_MS = { terminal: 200, log: 5_000 } as const;

const KINDS = Object.keys(IMPORT_KINDS).join(', ');

const USAGE = text(
  `Usage: npm run import -- <kind> <file> [options]

  kind                 ${KINDS}
  file                 .csv, .xlsx, .json (a list of objects) or .ndjson (one object per line)
  --mapping <file>     how the file's columns fill the fields, see examples/; without it they bear the fields' names
  --dry-run            checks everything and says what would happen; writes nothing
  --errors <file.csv>  writes all refused cells there; ${PRINTED} of them are printed anyway
  --encoding <name>    ${ENCODINGS.join(', ')}; utf-8 unless given
  --format <name>      ${FORMATS.join(', ')}; by the file's name unless given
  --sheet <name>       sheet of a workbook, by its name or number; needed where several have cells

Rows that are refused are left out and the others imported; the exit code is then 1. Running it again is safe.`,
  `用法：npm run import -- <类型> <文件> [选项]

  类型                 ${KINDS}
  文件                 .csv、.xlsx、.json（对象列表）或 .ndjson（每行一个对象）
  --mapping <文件>     列与字段的对应关系，见 examples/；不给时列名须为字段名
  --dry-run            只检查并说明将发生什么，不写入
  --errors <文件.csv>  把所有被拒绝的单元格写入该文件；屏幕最多显示 ${PRINTED} 条
  --encoding <编码>    ${ENCODINGS.join('、')}，默认 utf-8
  --format <格式>      ${FORMATS.join('、')}，默认按文件名判断
  --sheet <名称>       工作簿中的工作表（名称或序号），有多个含数据的工作表时必填

被拒绝的行不导入，其余照常导入，此时退出码为 1。可放心重复运行。`,
);

const locale = preferredLocale(
  (process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || '')
    .replace(/\..*$/, '')
    .replace('_', '-'),
);

/** The command line cannot be understood. */
class UsageError extends Error {
  readonly text: Text;

  constructor(message: Text) {
    super(message.en);
    this.text = message;
  }
}

function readArguments(args: string[]) {
  const { values, positionals } = parseStrictly(args);
  const [kindName = '', path, ...more] = positionals;
  const kind = Object.hasOwn(IMPORT_KINDS, kindName) ? IMPORT_KINDS[kindName] : undefined;
  if (!kind) {
    throw new UsageError(
      text(
        `"${kindName}" cannot be imported. Accepted: ${KINDS}. More by --help.`,
        `不能导入“${kindName}”。可用：${KINDS}。详见 --help。`,
      ),
    );
  }
  if (path === undefined || more.length > 0) {
    throw new UsageError(
      text(`One file is needed after ${kindName}.`, `${kindName} 之后需要且仅需要一个文件。`),
    );
  }
  const format = oneOf<Format>('format', values.format ?? formatOf(path) ?? undefined, FORMATS);
  const encoding = oneOf<Encoding>('encoding', values.encoding ?? 'utf-8', ENCODINGS);
  return {
    kind,
    path,
    format,
    encoding,
    mappingPath: values.mapping ?? null,
    sheet: values.sheet ?? null,
    dryRun: values['dry-run'],
    errors: values.errors,
  };
}

function parseStrictly(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        mapping: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        errors: { type: 'string' },
        encoding: { type: 'string' },
        format: { type: 'string' },
        sheet: { type: 'string' },
      },
    });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(text(error.message, error.message));
    throw error;
  }
}

function oneOf<Name extends string>(
  option: string,
  given: string | undefined,
  accepted: readonly Name[],
): Name {
  const found = accepted.find((name) => name === given);
  if (found) return found;
  throw new UsageError(
    text(
      `--${option} is ${given === undefined ? 'needed for this file' : `"${given}"`}; accepted: ${accepted.join(', ')}.`,
      `--${option} ${given === undefined ? '需要指定' : `为“${given}”`}；可用：${accepted.join('、')}。`,
    ),
  );
}

async function main(args: string[]): Promise<void> {
  if (args.length === 0 || args.includes('--help')) {
    console.log(inLocale(USAGE, locale));
    process.exitCode = args.length === 0 ? 2 : 0;
    return;
  }
  const { errors, dryRun, ...file } = readArguments(args);
  const environment = readEnvironment(process.env);
  const prepared = await prepareImport({ ...file, timeZone: environment.BUSINESS_TIME_ZONE });
  const problems = problemReport(errors);
  const database = await open(environment, dryRun);
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  process.once('SIGTERM', () => interrupt.abort());
  const progress = progressReport();
  const started = performance.now();
  try {
    const counts = await prepared.run({
      reads: database ?? NOTHING_KNOWN,
      database: dryRun ? null : database,
      clock: systemClock,
      onProblem: problems.add,
      onProgress: progress.show,
      signal: interrupt.signal,
    });
    if (!dryRun && database?.kind === 'embedded') await analyze(database, file.kind.table.name);
    progress.end();
    problems.end();
    const seconds = (performance.now() - started) / 1000;
    console.log(inLocale(summary(counts, seconds, { dryRun, ended: !interrupt.signal.aborted }), locale));
    process.exitCode = interrupt.signal.aborted ? 130 : counts.refused > 0 ? 1 : 0;
  } finally {
    progress.end();
    await database?.close();
  }
}

/** A dry run on a machine without a database: everything would be new. */
const NOTHING_KNOWN: Queryable = { query: async () => [] };

/** The database, up to date; null for a dry run where there is none yet, for it makes none. */
async function open(environment: Environment, dryRun: boolean): Promise<Database | null> {
  const { DATABASE_URL, DATA_DIR } = environment;
  if (dryRun && !DATABASE_URL && !existsSync(join(DATA_DIR, 'pgdata'))) return null;
  const database = DATABASE_URL
    ? openPostgres(DATABASE_URL, 2, (error) => console.error(error.message))
    : await openEmbedded(DATA_DIR);
  try {
    if (!dryRun && environment.MIGRATE_ON_START) {
      await database.withConnection((connection) =>
        migrate(connection, { directory: MIGRATIONS, log: console.error }),
      );
      return database;
    }
    const pending = await database.withConnection((connection) => pendingMigrations(connection, MIGRATIONS));
    if (pending.length === 0) return database;
    throw new MigrationError(`The database lacks ${pending.length} migrations; run npm run migrate first.`);
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Nobody else gathers statistics in an embedded database, and without them lists of many rows are slow. */
async function analyze(database: Database, table: string): Promise<void> {
  await database.withConnection((connection) => connection.exec(`analyze ${table}`));
}

function problemReport(path: string | undefined) {
  const file = path === undefined ? null : openToWrite(path);
  if (file !== null) writeSync(file, problemHeader());
  let count = 0;
  return {
    add(problem: Problem): void {
      count += 1;
      if (file !== null) writeSync(file, problemCsv(problem, locale));
      if (count <= PRINTED) console.error(problemLine(problem, locale));
    },
    end(): void {
      if (file !== null) closeSync(file);
      if (count <= PRINTED) return;
      const hidden = count - PRINTED;
      const where = path ?? '--errors <file.csv>';
      console.error(
        inLocale(text(`… and ${hidden} more: ${where}`, `……另有 ${hidden} 条：${where}`), locale),
      );
    },
  };
}

function openToWrite(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ImportStopped(
      text(`--errors ${path} cannot be written: ${reason}.`, `--errors ${path} 无法写入：${reason}。`),
    );
  }
}

/** One line that changes on a terminal; in a log a line every few seconds. */
function progressReport() {
  const { isTTY } = process.stderr;
  const started = performance.now();
  let shown = started;
  let open = false;
  return {
    show(counts: Readonly<ImportCounts>, share: number): void {
      const now = performance.now();
      if (now - shown < (isTTY ? PROGRESS_MS.terminal : PROGRESS_MS.log)) return;
      shown = now;
      const line = inLocale(progressLine(counts, (now - started) / 1000, share), locale);
      process.stderr.write(isTTY ? `\r\u001b[K${line}` : `${line}\n`);
      open = isTTY;
    },
    end(): void {
      if (open) process.stderr.write('\r\u001b[K');
      open = false;
    },
  };
}

/** One line for what the person at the keyboard can mend; the whole story for a bug. */
function explain(error: unknown): string {
  if (error instanceof UsageError || error instanceof ImportStopped) return inLocale(error.text, locale);
  if (error instanceof EnvironmentError || error instanceof FolderInUse || error instanceof MigrationError)
    return error.message;
  if (isConnectionFailure(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return inLocale(
      text(
        `The database does not answer (${message}). Whole batches are in; run the import again when it does.`,
        `数据库没有响应（${message}）。已完成的批次已写入；恢复后请重新运行。`,
      ),
      locale,
    );
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
