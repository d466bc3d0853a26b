import type { ExportState } from '../generated/prisma/enums.ts';
import { Forbidden, IllegalTransition } from '../lib/errors.ts';
import { text, type Text } from '../lib/text.ts';
import { rolesWith } from '../organisation/rules/permissions.ts';
import { can, type Viewer } from '../organisation/rules/viewer.ts';

/** What everybody who handles customer information is told, and what an acknowledgement agrees to (CUS-19). */
export const SECRECY_NOTICE: Text = text(
  'Trade secret. All customer information is a trade secret of the company; nobody may disclose, transfer or sell it.',
  '商业秘密。一切客户信息均属公司商业秘密，任何人不得泄露、转让或出售。',
);

/** Who may export at all: those who take lists out as they read them, and those for whom large ones are anonymised. */
export function expectExporter(viewer: Viewer, rowsAreOfCustomers: boolean): void {
  const everywhere = viewer.rights.has('export:read:ALL') || viewer.rights.has('export:mask:ALL');
  if (everywhere || (rowsAreOfCustomers && can(viewer, 'export', 'read'))) return;
  throw new Forbidden([...rolesWith('export', 'read'), ...rolesWith('export', 'mask')]);
}

/** Without a valid acknowledgement nobody takes customer information out. */
export function expectAcknowledged(validUntil: Date | null, now: Date): void {
  if (validUntil !== null && now < validUntil) return;
  throw new Forbidden(
    ['secrecyAcknowledge'],
    text(
      'Acknowledge the secrecy of customer information first, by the mutation secrecyAcknowledge (CUS-19).',
      '请先通过 secrecyAcknowledge 确认客户信息保密义务（CUS-19）。',
    ),
  );
}

/** More rows of customer information than a person takes out in 24 hours, those of earlier exports included. */
export function isBulk(rows: number, earlierRows: number, bulkRows: number): boolean {
  return rows > 0 && rows + earlierRows > bulkRows;
}

/** Bulk is anonymised for those whose right says so (section 23: "anonymised in bulk"). */
export function isAnonymised(viewer: Viewer, bulk: boolean): boolean {
  return bulk && !can(viewer, 'export', 'read');
}

export type ExportAction = 'START' | 'FINISH' | 'ABORT' | 'EXPIRE';

const STATES: Record<ExportState, Partial<Record<ExportAction, ExportState>>> = {
  READY: { START: 'RUNNING', EXPIRE: 'EXPIRED' },
  RUNNING: { FINISH: 'FINISHED', ABORT: 'ABORTED' },
  ABORTED: { START: 'RUNNING', EXPIRE: 'ABORTED' },
  FINISHED: {},
  EXPIRED: {},
};

/** A link serves one whole download: what was delivered is not delivered again, what broke off can be. */
export function moveExport(from: ExportState, action: ExportAction): ExportState {
  const next = STATES[from][action];
  if (!next) throw new IllegalTransition(from, action, Object.keys(STATES[from]));
  return next;
}

/** Whether its link still opens something. */
export function isDownloadable(
  row: { readonly state: ExportState; readonly expiresAt: Date },
  now: Date,
): boolean {
  return (row.state === 'READY' || row.state === 'ABORTED') && now < row.expiresAt;
}
