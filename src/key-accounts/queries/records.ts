import { customerLevel } from '../../customers/queries/visibility.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder, type Loader } from '../../platform/loaders.ts';
import { all, any, columnName, join, raw, type Sql, sql } from '../../platform/sql.ts';
import { reached, type ViewerSql } from '../../platform/visibility.ts';
import type { RecordField, RecordSpec } from '../rules/records.ts';
import { keyAccountLevel } from './visibility.ts';

/** A row of any kind of record; what is its own stands beside these. */
export interface RecordRow {
  readonly __typename: string;
  readonly id: string;
  readonly keyAccountId: string;
  readonly recordedById: string;
  readonly recordedAt: Date;
  readonly version: number;
  readonly [field: string]: unknown;
}

/** How the row names the field: one that holds an id carries it. */
export function rowName(name: string, { kind }: RecordField): string {
  return kind === 'EMPLOYEE' || kind === 'CONTACT' || kind === 'DEPARTMENT' ? `${name}Id` : name;
}

function columnOf(name: string, field: RecordField): Sql {
  return raw(`r."${columnName(rowName(name, field))}"`);
}

function selected(name: string, field: RecordField): Sql {
  const column = columnOf(name, field);
  const as = raw(`"${rowName(name, field)}"`);
  // Days and amounts as text: neither is kept exactly by JavaScript's own types.
  return ['DAY', 'MONEY', 'DECIMAL'].includes(field.kind)
    ? sql`${column}::text as ${as}`
    : sql`${column} as ${as}`;
}

/** The columns of a record, of the alias `r`. */
export function recordColumns(spec: RecordSpec): Sql {
  return join([
    sql`r.id, r.key_account_id as "keyAccountId", r.recorded_by_id as "recordedById", r.recorded_at as "recordedAt",
      r.version, ${spec.type} as "__typename"`,
    ...Object.entries(spec.fields).map(([name, field]) => selected(name, field)),
    ...(spec.parts ?? []).map((name) => raw(`r."${columnName(name)}" as "${name}"`)),
  ]);
}

/**
 * A record is read where its account is read fully; what is content of the file only where that is open, too (PRM-07).
 * `row` is the alias of its row.
 */
export function recordReadable(viewer: ViewerSql, spec: RecordSpec, row: Sql): Sql {
  const account = sql`${keyAccountLevel(viewer, sql`ra`)} = 2`;
  const file = sql`${customerLevel(viewer, sql`rc`)} = 2`;
  const few = reached(viewer, [
    [`${spec.only}:read:ALL`, sql`true`],
    [`${spec.only}:read:KEY_ASSIGNED`, sql`${viewer.employeeId} in (ra.specialist_id, ra.supervisor_id)`],
  ]);
  const needed = [account, ...(spec.ofFile ? [file] : []), ...(spec.only === undefined ? [] : [few])];
  const ofAccount = sql`exists (
    select 1 from key_account ra join customer rc on rc.id = ra.customer_id
    where ra.id = ${row}.key_account_id and ${all(needed)})`;
  return spec.also === undefined ? ofAccount : any([ofAccount, reached(viewer, [[spec.also, sql`true`]])]);
}

/** Records of a kind by id; null for those that the viewer may not know of. */
export function recordById(spec: RecordSpec): Loader<Reader, string, RecordRow | null> {
  return defineLoader(async (reader: Reader, ids) =>
    inOrder(
      ids,
      await reader.query<RecordRow>(sql`
        select ${recordColumns(spec)} from ${raw(spec.table)} r
        where r.id = any(${[...ids]}::uuid[]) and ${recordReadable(reader.sees, spec, sql`r`)}`),
    ),
  );
}

const LIST_KINDS = {
  TEXT: 'String',
  ENUM: 'Enum',
  INT: 'Int',
  MONEY: 'Decimal',
  DECIMAL: 'Decimal',
  DEPARTMENT: 'ID',
  BOOLEAN: 'Boolean',
  INSTANT: 'DateTime',
  EMPLOYEE: 'ID',
  CONTACT: 'ID',
} as const;

/** What a list of the records is filtered and ordered by. */
export function recordFields(spec: RecordSpec): Readonly<Record<string, ListField>> {
  const own = Object.entries(spec.fields).flatMap(([name, field]): [string, ListField][] => {
    if (!field.listed) return [];
    const kind = field.kind === 'DAY' ? 'String' : LIST_KINDS[field.kind as keyof typeof LIST_KINDS];
    const column = field.kind === 'DAY' ? sql`${columnOf(name, field)}::text` : columnOf(name, field);
    return [
      [
        name,
        {
          kind,
          column,
          ...(field.enumName ? { enumName: field.enumName } : {}),
          ...(kind === 'ID'
            ? { entity: field.kind === 'EMPLOYEE' ? 'Employee' : 'Contact', orderable: false }
            : {}),
        },
      ],
    ];
  });
  return {
    keyAccount: { kind: 'ID', entity: 'KeyAccount', column: sql`r.key_account_id`, orderable: false },
    recordedBy: { kind: 'ID', entity: 'Employee', column: sql`r.recorded_by_id`, orderable: false },
    recordedAt: { kind: 'DateTime', column: sql`r.recorded_at` },
    ...Object.fromEntries(own),
  };
}

/** By the index of every such table over (key_account_id, recorded_at). */
export function recordList(spec: RecordSpec): (reader: Reader) => ListSource {
  const fields = recordFields(spec);
  return (reader) => {
    const visible = recordReadable(reader.sees, spec, sql`r`);
    return {
      from: sql`${raw(spec.table)} r`,
      id: sql`r.id`,
      select: recordColumns(spec),
      visible,
      full: visible,
      fields,
    };
  };
}
