import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DomainError, Forbidden, NotFound, QuotaExceeded } from '../lib/errors.ts';
import { wallClock } from '../lib/local-time.ts';
import { inLocale, type Locale, preferredLocale, text } from '../lib/text.ts';
import type { Reader } from '../organisation/queries.ts';
import type { Viewer } from '../organisation/rules/viewer.ts';
import { bearerToken, TokenRefused } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import type { CommandOrigin, CommandRunner } from '../platform/command.ts';
import { type Cursor, type Database, isConnectionFailure } from '../platform/database.ts';
import { answerError } from '../platform/http-answers.ts';
import type { OrderTerm } from '../platform/list.ts';
import type { Log } from '../platform/log.ts';
import type { SignedLinks } from '../platform/signed-links.ts';
import { type ExportRow, type FileColumn, fileColumn } from './cells.ts';
import {
  exportCount,
  exportEnd,
  ExportSpent,
  exportStart,
  personOf,
  recordExportedFiles,
} from './commands/download.ts';
import { csvText } from './csv.ts';
import { columnsOf, exportEntity } from './entities.ts';
import type { ExportEntity } from './entity.ts';
import type { ExportRecord } from './queries.ts';
import { exportStatement, tellsOfCustomers } from './result.ts';
import { SECRECY_NOTICE } from './rules.ts';
import { EXPORT_SETTINGS } from './settings.ts';
import { xlsxStream } from './xlsx.ts';

/** What links of exports are signed for, and where they lead. */
export const EXPORT_LINKS = 'export';
export const EXPORT_PATH = '/export/';

/** Rows in hand at a time: the memory of a download, whatever its length. */
const BATCH = 250;

/** Who opens a link, as they stand now. */
export interface Downloader {
  readonly viewer: Viewer;
  readonly read: Reader;
  /** Of a command that the person does now. */
  origin(): CommandOrigin;
}

export interface ExportDownloadsOptions {
  readonly links: SignedLinks;
  readonly database: Database;
  readonly runner: CommandRunner;
  readonly clock: Clock;
  readonly log: Log;
  /** Null for a person who has no role any more. */
  readonly downloader: (employeeId: string) => Promise<Downloader | null>;
  /** Verifies a token, for clients that send one beside the link. */
  readonly subjectOf: (token: string) => Promise<string>;
}

export interface ExportDownloads {
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Waits until every download has ended and has been noted; the connections are closed by then. */
  stop(): Promise<void>;
}

export function createExportDownloads(options: ExportDownloadsOptions): ExportDownloads {
  const running = new Set<Promise<void>>();
  return {
    async answer(request, response) {
      const download = answerDownload(options, request, response);
      running.add(download);
      try {
        await download;
      } finally {
        running.delete(download);
      }
    },
    async stop() {
      await Promise.allSettled(running);
    },
  };
}

async function answerDownload(
  options: ExportDownloadsOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const locale = preferredLocale(request.headers['accept-language']);
  if (request.method !== 'GET') {
    response.setHeader('allow', 'GET');
    return answerError(response, 405, 'METHOD_NOT_ALLOWED', 'An export is fetched with GET.');
  }
  try {
    const opened = await openLink(options, request);
    if (typeof opened === 'string') return refuseLink(response, opened, locale);
    await download(options, opened, locale, response);
  } catch (error) {
    // An answer that began cannot end with an error; the server notes it and cuts the connection.
    if (response.headersSent) throw error;
    if (error instanceof TokenRefused) return answerError(response, 401, 'UNAUTHENTICATED', error.message);
    if (error instanceof DomainError) return refuse(response, error, locale);
    if (!isConnectionFailure(error)) throw error;
    response.setHeader('retry-after', '5');
    answerError(response, 503, 'SERVICE_UNAVAILABLE', 'The database is busy or away; try again.');
  }
}

interface OpenedLink extends Downloader {
  readonly exportId: string;
}

/** The link says who it is for; a token beside it must be the same person's. */
async function openLink(
  { links, clock, downloader, subjectOf }: ExportDownloadsOptions,
  request: IncomingMessage,
): Promise<OpenedLink | 'FORGED' | 'EXPIRED'> {
  const token = (request.url ?? '').slice(EXPORT_PATH.length).split('?', 1)[0] ?? '';
  const payload = links.read(EXPORT_LINKS, token, clock.now());
  if (typeof payload === 'string') return payload;
  const { exportId = '', employeeId = '' } = payload;
  const person = await downloader(employeeId);
  if (!person) throw new Forbidden(['a role'], text('This person has no role here.', '该人员无任何角色。'));
  const bearer = bearerToken(request.headers.authorization);
  if (bearer !== null) {
    const subject = await subjectOf(bearer);
    if (person.read.organisation.bySubject.get(subject)?.id !== employeeId) {
      throw new Forbidden(
        ['the person who made the export'],
        text('This link was made for another person.', '该链接属于他人。'),
      );
    }
  }
  return { ...person, exportId };
}

function refuseLink(response: ServerResponse, refusal: 'FORGED' | 'EXPIRED', locale: Locale): void {
  if (refusal === 'FORGED') {
    answerError(response, 404, 'NOT_FOUND', 'This is no link to an export.');
  } else {
    const message = text('This link has expired; ask for the export again.', '链接已过期，请重新导出。');
    answerError(response, 410, 'LINK_EXPIRED', inLocale(message, locale));
  }
}

function refuse(response: ServerResponse, error: DomainError, locale: Locale): void {
  if (error instanceof QuotaExceeded) response.setHeader('retry-after', String(error.retryAfter));
  answerError(response, statusOf(error), error.code, inLocale(error.text, locale));
}

function statusOf(error: DomainError): number {
  if (error instanceof QuotaExceeded) return 429;
  if (error instanceof ExportSpent) return 410;
  if (error instanceof Forbidden) return 403;
  return error instanceof NotFound ? 404 : 422;
}

/**
 * One download: taken up, counted, recorded, streamed, noted. The rows stand still from the first to the last; what
 * breaks off (a client that leaves, a limit of time, a database that goes) is noted with the rows handed out by then.
 */
async function download(
  options: ExportDownloadsOptions,
  { viewer, read, origin, exportId }: OpenedLink,
  locale: Locale,
  response: ServerResponse,
): Promise<void> {
  const { runner, database, log, clock } = options;
  const { row, entity } = await runner.run(origin(), (tx) => exportStart(tx, viewer, exportId, exportEntity));
  const sent = { rows: 0, bytes: 0 };
  const hash = createHash('sha256');
  let checksum: string | null = null;
  const left = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) left.abort(new Error('The client has left.'));
  });
  const minutes = read.settings.get(EXPORT_SETTINGS.downloadMinutes);
  const timer = setTimeout(() => left.abort(new Error('The download took too long.')), minutes * 60_000);
  try {
    if (response.destroyed) left.abort(new Error('The client has left.'));
    const columns = columnsOf(entity, row.columns);
    const statement = exportStatement(read, entity, columns, {
      where: row.where ?? undefined,
      orderBy: row.orderBy as unknown as readonly OrderTerm[],
    });
    await database.withCursor(statement, left.signal, async (cursor) => {
      const counted = {
        rows: cursor.rowCount,
        customerRows: tellsOfCustomers(columns) ? cursor.rowCount : 0,
      };
      const { anonymised } = await runner.run(origin(), (tx) =>
        exportCount(tx, viewer, read.organisation, row, counted),
      );
      const choices = { locale, labels: row.labels, anonymised, organisation: read.organisation };
      const file = fileStream({
        row: { ...row, ...counted, anonymised },
        entity,
        columns: columns.map((column, place) => fileColumn(column, place, choices)),
        batches: batchesOf(cursor),
        read,
        locale,
      });
      response.writeHead(200, headersOf(row, read, locale));
      await pipeline(file, counting, response, { signal: left.signal, end: false });
      if (response.writableNeedDrain) await once(response, 'drain', { signal: left.signal });
      checksum = hash.digest('hex');
    });
  } catch (error) {
    if (!left.signal.aborted) throw error;
    response.destroy();
    log.info({ exportId, reason: (left.signal.reason as Error).message }, 'a download broke off');
  } finally {
    clearTimeout(timer);
    const whole = checksum !== null;
    await runner.run({ ...origin(), now: clock.now() }, (tx) =>
      exportEnd(tx, exportId, { whole, rowsSent: sent.rows, bytes: sent.bytes, checksum }),
    );
  }
  // Only now does the client know the file to be whole: whoever has one finds it in the audit.
  if (checksum !== null) response.end();

  async function* counting(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      sent.bytes += chunk.length;
      yield chunk;
    }
  }

  /** The next batch is asked for when the one before has been taken; its reads of files are written before it leaves. */
  async function* batchesOf(cursor: Cursor): AsyncGenerator<readonly ExportRow[]> {
    const recorded = new Set<string>();
    for (;;) {
      const rows = await cursor.next<ExportRow>(BATCH);
      if (rows.length === 0) return;
      const files = new Map<string, string | null>();
      for (const { fileId, fileGrade } of rows) {
        if (fileId !== null && !recorded.has(fileId)) files.set(fileId, fileGrade);
      }
      await recordFiles(files);
      for (const id of files.keys()) recorded.add(id);
      yield rows;
      sent.rows += rows.length;
    }
  }

  async function recordFiles(files: ReadonlyMap<string, string | null>): Promise<void> {
    const read = [...files].map(([id, grade]) => ({ id, grade }));
    if (read.length === 0) return;
    await runner.run(origin(), async (tx) =>
      recordExportedFiles(tx, viewer, row, entity.file?.part ?? 'file', read),
    );
  }
}

interface FileParts {
  readonly row: ExportRecord;
  readonly entity: ExportEntity;
  readonly columns: readonly FileColumn[];
  readonly batches: AsyncIterable<readonly ExportRow[]>;
  readonly read: Reader;
  readonly locale: Locale;
}

function fileStream(parts: FileParts): Readable {
  const { row, columns, batches, read, locale } = parts;
  const clock = wallClock(read.timeZone);
  const creator = personOf(read.organisation, row.actorId);
  if (row.format === 'CSV') {
    const heading = row.labels
      ? inLocale(text('Trade secret: export, person, time', '商业秘密：导出编号、导出人、时间'), locale)
      : 'export';
    const value = `${row.id} ${creator} ${clock.format(read.now.getTime())}`;
    return Readable.from(csvText({ columns, batches, clock, mark: { heading, value } }), {
      objectMode: false,
    });
  }
  const title = inLocale(parts.entity.title, locale);
  const notice = inLocale(SECRECY_NOTICE, locale);
  return xlsxStream({
    columns,
    batches,
    clock,
    rowCount: row.rows ?? 0,
    about: {
      title,
      notice,
      exportId: row.id,
      creator,
      createdAt: read.now,
      sheets: { about: inLocale(text('About', '说明'), locale), data: title },
      facts: aboutFacts(parts, { notice, creator, title, at: clock.format(read.now.getTime()) }),
    },
  });
}

/** The first sheet: the notice, and who took out what, when and for what. */
function aboutFacts(
  { row, columns, locale }: FileParts,
  known: { readonly notice: string; readonly creator: string; readonly title: string; readonly at: string },
): readonly (readonly [string, string])[] {
  const none = inLocale(text('none', '无'), locale);
  const facts = [
    [text('Notice', '声明'), known.notice],
    [text('Export', '导出编号'), row.id],
    [text('Person', '导出人'), known.creator],
    [text('Time', '导出时间'), known.at],
    [text('List', '列表'), known.title],
    [text('Filter', '筛选条件'), row.where === null ? none : JSON.stringify(row.where)],
    [text('Order', '排序'), JSON.stringify(row.orderBy ?? [])],
    [text('Columns', '列'), columns.map(({ heading }) => heading).join(', ')],
    [text('Rows', '行数'), String(row.rows)],
    [text('Purpose', '用途'), row.purpose ?? none],
    ...(row.anonymised
      ? [
          [
            text('Anonymised', '匿名化'),
            inLocale(
              text(
                'Names are shortened and what identifies a customer is left out.',
                '客户名称已缩略，可识别客户的内容已略去。',
              ),
              locale,
            ),
          ] as const,
        ]
      : []),
  ] as const;
  return facts.map(([name, value]) => [inLocale(name, locale), value]);
}

const TYPES = {
  CSV: 'text/csv; charset=utf-8; header=present',
  XLSX: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const;

/** The name of the file carries the export's id, so that a stray file leads back to its entry in the audit. */
function headersOf(row: ExportRecord, read: Reader, locale: Locale): Record<string, string> {
  const day = wallClock(read.timeZone).format(read.now.getTime()).slice(0, 10);
  return {
    'content-type': TYPES[row.format],
    'content-disposition': `attachment; filename="${row.list}-${day}-${row.id}.${row.format.toLowerCase()}"`,
    'content-language': locale,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-export-id': row.id,
    'x-export-notice': SECRECY_NOTICE.en,
    'x-export-filter': encodeURIComponent(JSON.stringify(row.where ?? {})).slice(0, 4_000),
  };
}
