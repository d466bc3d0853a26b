import { Prisma } from '../../generated/prisma/client.ts';
import type { ExportFormat } from '../../generated/prisma/enums.ts';
import { InvalidInput, invalid, Issues, QuotaExceeded } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { countList, type OrderTerm } from '../../platform/list.ts';
import { putObligations } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { columnsOf } from '../entities.ts';
import type { ExportEntity } from '../entity.ts';
import { acknowledgedUntil } from '../queries.ts';
import { exportReach, tellsOfCustomers } from '../result.ts';
import { expectAcknowledged, expectExporter } from '../rules.ts';
import { EXPORT_SETTINGS } from '../settings.ts';

/** The watch over an export that is not fetched, or whose process is gone. */
export const EXPORT_END = 'EXPORT_END';

const MINUTE_MS = 60_000;
const PURPOSE_MOST = 500;

export interface ExportCreateInput {
  readonly entity: ExportEntity;
  readonly format: ExportFormat;
  /** As the list takes it, with row ids. */
  readonly where: object | undefined;
  readonly orderBy: readonly OrderTerm[];
  /** Codes, in their order; all of them when it is empty. */
  readonly columns: readonly string[];
  readonly labels: boolean;
  readonly purpose: string | null;
  readonly idempotencyKey: string | null;
}

/** Notes what is to be taken out and checks that it may be; nothing is read before it is downloaded (CUS-19). */
export async function exportCreate(
  tx: Command,
  viewer: Viewer,
  input: ExportCreateInput,
  read: Reader,
): Promise<{ exportId: string }> {
  const { entity } = input;
  expectExporter(viewer, entity.customerId !== undefined);
  const columns = columnsOf(entity, input.columns);
  const issues = new Issues();
  issues.expect(
    new Set(input.columns).size === input.columns.length,
    `list.${entity.list}.columns`,
    text('each column once', '每列只能出现一次'),
  );
  issues.expect(
    input.purpose === null || (input.purpose.trim() !== '' && input.purpose.length <= PURPOSE_MOST),
    'purpose',
    text(`text of 1 to ${PURPOSE_MOST} characters, or none`, `1 至 ${PURPOSE_MOST} 个字符的文本，或不填`),
  );
  issues.throwIfAny();
  if (tellsOfCustomers(columns)) {
    expectAcknowledged(await acknowledgedUntil(tx, viewer.employeeId), tx.now);
  }
  const { entity: _, ...asked } = input;
  const exportId = await once(
    tx,
    'exportCreate',
    input.idempotencyKey,
    { ...asked, list: entity.list },
    async (id) => {
      await expectFree(tx, viewer);
      const matching = await countMatching(tx, read, input);
      const most = tx.settings.get(EXPORT_SETTINGS.maxRows);
      if (matching > most) {
        throw invalid(
          `list.${entity.list}.where`,
          text(
            `${matching} rows match, an export has at most ${most}; narrow the filter.`,
            `匹配 ${matching} 行，每次导出最多 ${most} 行，请缩小筛选范围。`,
          ),
        );
      }
      const expiresAt = new Date(tx.now.getTime() + tx.settings.get(EXPORT_SETTINGS.linkMinutes) * MINUTE_MS);
      const filter = {
        where: input.where ? (JSON.parse(JSON.stringify(input.where)) as Prisma.InputJsonObject) : null,
        orderBy: input.orderBy.map(({ field, direction }) => ({ field, direction })),
      };
      await tx.prisma.export.create({
        data: {
          id,
          list: entity.list,
          format: input.format,
          where: filter.where ?? Prisma.DbNull,
          orderBy: filter.orderBy,
          columns: columns.map(({ code }) => code),
          labels: input.labels,
          purpose: input.purpose,
          actorId: viewer.employeeId,
          requestedAt: tx.now,
          expiresAt,
        },
      });
      await putObligations(tx, [endOf(id, viewer.employeeId, tx.now, expiresAt)]);
      tx.audit({
        action: 'exportCreate',
        subjectType: 'Export',
        subjectId: id,
        after: {
          list: entity.list,
          format: input.format,
          ...filter,
          columns: columns.map(({ code }) => code),
          purpose: input.purpose,
          rows: matching,
        },
      });
    },
  );
  return { exportId };
}

/** When to look whether an export has come to nothing. */
export function endOf(subjectId: string, ownerId: string, startsAt: Date, dueAt: Date) {
  return {
    kind: EXPORT_END,
    subjectId,
    period: 'end',
    ownerId,
    startsAt,
    warnAt: null,
    dueAt,
    nextAt: dueAt,
    state: 'OPEN',
    step: 0,
  } as const;
}

/** Serialises what one person does with exports, so that two requests at once count each other. */
export async function lockExporter(tx: Command, employeeId: string): Promise<void> {
  await tx.query(sql`
    select 1 as locked from pg_advisory_xact_lock(724010, hashtext(${employeeId}::text))`);
}

async function expectFree(tx: Command, viewer: Viewer): Promise<void> {
  await lockExporter(tx, viewer.employeeId);
  const runs = new Date(tx.now.getTime() - tx.settings.get(EXPORT_SETTINGS.downloadMinutes) * MINUTE_MS);
  const [open] = await tx.query<{ count: number; first: Date | null }>(sql`
    select count(*)::int as count,
           min(case when state = 'READY' then expires_at else started_at + (now_is.at - now_is.runs) end) as first
    from export, (select ${tx.now}::timestamptz as at, ${runs}::timestamptz as runs) now_is
    where actor_id = ${viewer.employeeId}::uuid
      and ((state = 'READY' and expires_at > now_is.at) or (state = 'RUNNING' and started_at > now_is.runs))`);
  if (!open || open.count < tx.settings.get(EXPORT_SETTINGS.openAtOnce)) return;
  const seconds = Math.ceil(((open.first?.getTime() ?? 0) - tx.now.getTime()) / 1000);
  throw new QuotaExceeded(
    Math.max(1, seconds),
    text(
      `You have ${open.count} exports waiting or running. Download them, or wait until their links expire.`,
      `您有 ${open.count} 个导出任务待下载或进行中，请先下载，或等待链接过期。`,
    ),
  );
}

async function countMatching(tx: Command, read: Reader, input: ExportCreateInput): Promise<number> {
  const { entity, where } = input;
  try {
    return await countList(
      { query: (statement) => tx.query(statement) },
      entity.source(read),
      where,
      exportReach(read, entity),
    );
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    // The list names its own argument; here it stands inside the input.
    throw new InvalidInput(
      error.issues.map(({ path, message }) => ({ path: ['list', entity.list, ...path], message })),
    );
  }
}
