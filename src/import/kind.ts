import type { Text } from '../lib/text.ts';
import type { Command } from '../platform/command.ts';
import type { Settings } from '../platform/settings-register.ts';
import type { Queryable } from '../platform/sql.ts';
import { type FieldSet, required, type ValuesOf, words } from './fields.ts';
import type { LogEntry } from './log-entry.ts';
import type { ImportRow, ImportTable, Written } from './table.ts';

/** What is wrong with one field of a row, and what is accepted. */
export interface FieldIssue {
  readonly field: string;
  readonly accepted: Text;
}

export interface RowIssue extends FieldIssue {
  readonly row: ImportRow;
}

/** How a kind keeps the log of its records' changes at their source. */
export interface ImportLog {
  /** Fields that a log must fill. */
  readonly needs: readonly string[];
  /** What does not fit together in an entry; the last one is judged as the record, too. */
  issues(entry: LogEntry, now: Date): readonly FieldIssue[];
  /** Notes the entries that the histories of these records do not have yet. */
  record(tx: Command, rows: readonly ImportRow[]): Promise<void>;
}

/** When a batch is judged or written, and by which policy. */
export interface ImportContext {
  readonly now: Date;
  /** Of business days and periods. */
  readonly timeZone: string;
  readonly settings: Settings;
}

/** One kind of record that can be imported: its fields, its table, and what the area knows of them. */
export interface ImportKind<Fields extends FieldSet = FieldSet> {
  /** As on the command line: tickets. */
  readonly name: string;
  /** As in the audit: Ticket. */
  readonly subject: string;
  /** Those of the area, beside source and externalId. */
  readonly fields: Fields;
  /** The fields that tell its records apart; without them source and externalId do. */
  readonly identifiedBy?: readonly string[];
  /** Whether columns of the file without a field can be kept as facts of the source. */
  readonly keepsExtra: boolean;
  readonly table: ImportTable;
  /** The columns that follow from a row's values, and what does not fit together in it. */
  derive(
    values: ValuesOf<Fields>,
    now: Date,
  ): { readonly columns: Record<string, unknown>; readonly issues: readonly FieldIssue[] };
  /** Looks up, for all rows at once, the records that they name; a row that names none that exists is an issue. */
  resolve(db: Queryable, rows: readonly ImportRow[], context: ImportContext): Promise<readonly RowIssue[]>;
  /** Adds what only a new record gets, such as its number. */
  complete(tx: Command, rows: readonly ImportRow[]): Promise<void>;
  /** Notes what was written in the area's own history, and does what follows from it. */
  record(tx: Command, written: readonly Written[], context: ImportContext): Promise<void>;
  /** Only for kinds that can be imported from a log with one row per change. */
  readonly log?: ImportLog;
}

/** Where a row comes from and its id there: the key by which it is found again. */
export const ORIGIN_FIELDS = { source: required(words(100)), externalId: required(words(200)) };

export function fieldsOf(kind: ImportKind): FieldSet {
  return kind.identifiedBy ? kind.fields : { ...ORIGIN_FIELDS, ...kind.fields };
}
