import { budgetLineExport } from '../budgets/export.ts';
import { accessGrantExport, contactExport, customerExport, filePaperExport } from '../customers/export.ts';
import { contactLogExport, keyAccountExport } from '../key-accounts/export.ts';
import { ledgerExport } from '../ledgers/export.ts';
import { shipmentExport } from '../shipments/export.ts';
import { ticketExport } from '../tickets/export.ts';
import { visitExport } from '../visits/export.ts';
import type { ExportColumn, ExportEntity } from './entity.ts';

/** What can be exported; every area says beside its lists which columns they have as a file. */
export const EXPORT_ENTITIES: readonly ExportEntity[] = [
  ticketExport,
  customerExport,
  contactExport,
  keyAccountExport,
  contactLogExport,
  visitExport,
  accessGrantExport,
  budgetLineExport,
  shipmentExport,
  ledgerExport,
  filePaperExport,
];

const byList = new Map(EXPORT_ENTITIES.map((entity) => [entity.list, entity]));

/** Undefined for a list of another version of the software. */
export function exportEntity(list: string): ExportEntity | undefined {
  return byList.get(list);
}

/** The columns by their codes, in the order asked for; all of them when none are named. */
export function columnsOf(entity: ExportEntity, codes: readonly string[]): readonly ExportColumn[] {
  if (codes.length === 0) return entity.columns;
  const byCode = new Map(entity.columns.map((column) => [column.code, column]));
  return codes.flatMap((code) => byCode.get(code) ?? []);
}
