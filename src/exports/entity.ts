import { customerLevel } from '../customers/queries/visibility.ts';
import { type Text, text } from '../lib/text.ts';
import type { Reader } from '../organisation/queries.ts';
import type { ListField, ListFieldKind, ListSource } from '../platform/list.ts';
import { type Sql, sql } from '../platform/sql.ts';

/**
 * What a column holds. `customerName` is a name that is shortened where the viewer sees the customer's card only; those
 * from `employee` on are ids of the directory, written as names.
 */
export type ColumnType =
  | 'text'
  | 'integer'
  | 'money'
  | 'date'
  | 'instant'
  | 'boolean'
  | 'enum'
  | 'customerName'
  | 'employee'
  | 'team'
  | 'department'
  | 'area';

export interface ExportColumn {
  /** Stable, in the words of the API: resolutionDueAt. */
  readonly code: string;
  readonly heading: Text;
  readonly type: ColumnType;
  readonly sql: Sql;
  /** Of the enum's labels, for type enum. */
  readonly enumName?: string;
  /** The viewer's level on the customer whose name it is, for type customerName. */
  readonly level?: (reader: Reader) => Sql;
  /** Where the viewer may read it; everywhere in the list without it. */
  readonly readable?: (reader: Reader, source: ListSource) => Sql;
  /** Tells a customer or a person there apart: a trade secret (CUS-19), left out of what is anonymised. */
  readonly identifies?: true;
}

/** A list that can be exported: the same rows as the list itself shows, and columns over them. */
export interface ExportEntity {
  /** Name of the list in the API: tickets. */
  readonly list: string;
  /** Name of its entity: Ticket. */
  readonly entity: string;
  readonly title: Text;
  readonly source: (reader: Reader) => ListSource;
  /** What the columns need beside the list's own rows. */
  readonly joins?: Sql;
  /** The customer that a row is about: for rights that reach own customers or own areas only. */
  readonly customerId?: Sql;
  /** Rows show content of a file: its reads are recorded by its grade (CUS-17). */
  readonly file?: { readonly grade: Sql; readonly part: 'file' | 'contacts' | 'shipments' };
  readonly columns: readonly ExportColumn[];
}

const TYPE_OF: Readonly<Record<Exclude<ListFieldKind, 'ID'>, ColumnType>> = {
  String: 'text',
  Enum: 'enum',
  Int: 'integer',
  Decimal: 'money',
  Boolean: 'boolean',
  DateTime: 'instant',
};

const DIRECTORY: Readonly<Record<string, ColumnType>> = {
  Employee: 'employee',
  Team: 'team',
  Department: 'department',
  Area: 'area',
};

/** A column that the list can be filtered by, too: same name, same SQL, same protection. */
export function fromField(
  fields: Readonly<Record<string, ListField>>,
  code: string,
  heading: Text,
  more: Pick<ExportColumn, 'identifies'> = {},
): ExportColumn {
  const field = fields[code];
  const type = field && (field.kind === 'ID' ? DIRECTORY[field.entity ?? ''] : TYPE_OF[field.kind]);
  if (!field || !type) throw new Error(`The list has no field ${code} that is a column by itself.`);
  return {
    code,
    heading,
    type,
    sql: field.column,
    ...(field.enumName ? { enumName: field.enumName } : {}),
    ...(field.protected ? { readable: whereFull } : {}),
    ...more,
  };
}

/** Content that a masked row does not show. */
export function whereFull(_reader: Reader, source: ListSource): Sql {
  return source.full;
}

/** The customer that a row is about, joined as `xc`. */
export function joinCustomer(customerId: Sql): Sql {
  return sql`left join customer xc on xc.id = ${customerId}`;
}

/** Its name over that join, as far as the viewer may see it. */
export const CUSTOMER_COLUMN: ExportColumn = {
  code: 'customer',
  heading: text('Customer', '客户'),
  type: 'customerName',
  sql: sql`xc.name`,
  level: (reader) => customerLevel(reader.sees, sql`xc`),
  identifies: true,
};
