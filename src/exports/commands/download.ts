import type { CustomerGrade } from '../../generated/prisma/enums.ts';
import { fileReadIsRecorded } from '../../customers/rules.ts';
import { DomainError, NotFound, QuotaExceeded } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Organisation } from '../../organisation/queries.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import {
  cancelObligations,
  type Obligation,
  type ObligationAdvance,
  putObligations,
} from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { columnsOf } from '../entities.ts';
import type { ExportEntity } from '../entity.ts';
import { acknowledgedUntil, EXPORT_COLUMNS, type ExportRecord } from '../queries.ts';
import { tellsOfCustomers } from '../result.ts';
import {
  expectAcknowledged,
  expectExporter,
  isAnonymised,
  isBulk,
  isDownloadable,
  moveExport,
} from '../rules.ts';
import { EXPORT_SETTINGS } from '../settings.ts';
import { EXPORT_END, endOf, lockExporter } from './create.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Whom DATA_LEAK_SUSPECTED is for (EVT-38). */
export const LEAK_AUDIENCE = { roles: ['HEAD', 'INTERNAL_AUDITOR'] } as const;

export async function lockExport(tx: Command, id: string): Promise<ExportRecord> {
  const [row] = await tx.query<ExportRecord>(
    sql`select ${EXPORT_COLUMNS} from export x where x.id = ${id}::uuid for update`,
  );
  if (!row) throw new NotFound(['id'], text('export', '导出'));
  return row;
}

/** Takes an export up for downloading; the rights are those of this moment, not those of when it was made. */
export async function exportStart(
  tx: Command,
  viewer: Viewer,
  exportId: string,
  entityOf: (list: string) => ExportEntity | undefined,
): Promise<{ row: ExportRecord; entity: ExportEntity }> {
  const row = await lockExport(tx, exportId);
  const entity = entityOf(row.list);
  if (row.actorId !== viewer.employeeId || !entity) throw new NotFound(['id'], text('export', '导出'));
  expectExporter(viewer, entity.customerId !== undefined);
  if (tellsOfCustomers(columnsOf(entity, row.columns))) {
    expectAcknowledged(await acknowledgedUntil(tx, viewer.employeeId), tx.now);
  }
  if (row.state === 'RUNNING') {
    throw new QuotaExceeded(10, text('This export is being downloaded.', '该导出正在下载中。'));
  }
  if (!isDownloadable(row, tx.now)) throw new ExportSpent();
  const state = moveExport(row.state, 'START');
  await tx.prisma.export.update({ where: { id: row.id }, data: { state, startedAt: tx.now, endedAt: null } });
  const minutes = tx.settings.get(EXPORT_SETTINGS.downloadMinutes) + 1;
  const overAt = new Date(tx.now.getTime() + minutes * MINUTE_MS);
  await putObligations(tx, [endOf(row.id, row.actorId, tx.now, overAt)]);
  tx.audit({ action: 'exportStart', subjectType: 'Export', subjectId: row.id });
  return { row, entity };
}

/** A link that has served its download, or whose time is over. */
export class ExportSpent extends DomainError {
  readonly code = 'LINK_EXPIRED';

  constructor() {
    super(
      text(
        'This export was downloaded, or its time is over; make another with exportCreate.',
        '该导出已下载或已过期，请重新创建。',
      ),
    );
  }
}

/**
 * Counts what is about to be handed out, before its first row: a large export of customer information raises
 * DATA_LEAK_SUSPECTED, and one that is cut into small ones within 24 hours counts together (CUS-19, EVT-38).
 */
export async function exportCount(
  tx: Command,
  viewer: Viewer,
  organisation: Organisation,
  row: ExportRecord,
  counted: { readonly rows: number; readonly customerRows: number },
): Promise<{ anonymised: boolean }> {
  await lockExporter(tx, viewer.employeeId);
  const dayAgo = new Date(tx.now.getTime() - DAY_MS);
  // By the index export(actor_id, requested_at); a link lives at most a day before its download starts.
  const [earlier] = await tx.query<{ rows: number }>(sql`
    select coalesce(sum(customer_rows), 0)::int as rows from export
    where actor_id = ${viewer.employeeId}::uuid and id <> ${row.id}::uuid
      and requested_at > ${new Date(dayAgo.getTime() - DAY_MS)}::timestamptz and started_at > ${dayAgo}::timestamptz`);
  const earlierRows = earlier?.rows ?? 0;
  const bulk = isBulk(counted.customerRows, earlierRows, tx.settings.get(EXPORT_SETTINGS.bulkRows));
  const anonymised = isAnonymised(viewer, bulk);
  await tx.prisma.export.update({
    where: { id: row.id },
    data: { ...counted, anonymised, leakSuspected: bulk || row.leakSuspected },
  });
  if (bulk) {
    tx.emit({
      kind: 'DATA_LEAK_SUSPECTED',
      subjectId: null,
      audience: LEAK_AUDIENCE,
      payload: {
        cause: 'BULK_EXPORT',
        actor: personOf(organisation, viewer.employeeId),
        actorId: viewer.employeeId,
        rows: counted.customerRows + earlierRows,
        exportId: row.id,
        anonymised,
      },
      dedupeKey: `DATA_LEAK_SUSPECTED ${row.id}`,
    });
  }
  return { anonymised };
}

/** Staff number and name, as an alert names a person. */
export function personOf(organisation: Organisation, employeeId: string): string {
  const employee = organisation.employees.get(employeeId);
  return employee ? `${employee.number} ${employee.name}` : employeeId;
}

/** Writes the reads of files before their rows leave: of every grade A file, and of any file for auditors (CUS-17). */
export function recordExportedFiles(
  tx: Command,
  viewer: Viewer,
  row: ExportRecord,
  part: string,
  files: readonly { readonly id: string; readonly grade: string | null }[],
): void {
  tx.audit(
    ...files
      .filter(({ grade }) => fileReadIsRecorded(viewer, grade as CustomerGrade | null))
      .map(({ id }) => ({
        action: 'fileRead',
        subjectType: 'Customer',
        subjectId: id,
        after: { part, exportId: row.id },
      })),
  );
}

/** How a download ended: whole, with the checksum of the file, or broken off after so many rows. */
export async function exportEnd(
  tx: Command,
  exportId: string,
  outcome: {
    readonly whole: boolean;
    readonly rowsSent: number;
    readonly bytes: number;
    readonly checksum: string | null;
  },
): Promise<void> {
  const row = await lockExport(tx, exportId);
  if (row.state !== 'RUNNING') return;
  const { whole, rowsSent, bytes, checksum } = outcome;
  await tx.prisma.export.update({
    where: { id: exportId },
    data: {
      state: moveExport(row.state, whole ? 'FINISH' : 'ABORT'),
      endedAt: tx.now,
      rowsSent,
      bytes,
      checksum,
    },
  });
  await cancelObligations(tx, EXPORT_END, exportId);
  tx.audit({
    action: whole ? 'exportFinish' : 'exportAbort',
    subjectType: 'Export',
    subjectId: exportId,
    after: { list: row.list, where: row.where, rows: row.rows, rowsSent, bytes, checksum },
  });
}

/** Ends what nobody fetched in time, and downloads whose process has gone without a word. */
export async function sweepExports(tx: Command, due: readonly Obligation[]): Promise<ObligationAdvance[]> {
  const ids = due.map(({ subjectId }) => subjectId);
  const ended = await tx.query<{ id: string; state: string }>(sql`
    update export
    set state = case when state = 'READY' then 'EXPIRED' else 'ABORTED' end::"ExportState",
        ended_at = case when state = 'READY' then ended_at else ${tx.now}::timestamptz end
    where id = any(${ids}::uuid[]) and state in ('READY', 'RUNNING')
    returning id, state`);
  tx.audit(
    ...ended.map(({ id, state }) => ({
      action: state === 'EXPIRED' ? 'exportExpire' : 'exportAbort',
      subjectType: 'Export',
      subjectId: id,
    })),
  );
  return due.map(({ id }) => ({ id, state: 'CANCELLED', step: 1, nextAt: null }));
}
