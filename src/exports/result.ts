import { inChargeOf } from '../customers/queries/visibility.ts';
import type { Reader } from '../organisation/queries.ts';
import { type ListSource, type PageArguments, wholeList } from '../platform/list.ts';
import { any, empty, join, raw, type Sql, sql } from '../platform/sql.ts';
import { reached } from '../platform/visibility.ts';
import type { ExportColumn, ExportEntity } from './entity.ts';

/** The rows of a list that the viewer may take out: all of them, or those about own customers or own areas. */
export function exportReach({ sees }: Reader, { customerId }: ExportEntity): Sql {
  const everywhere = sql`true`;
  return reached(sees, [
    ['export:read:ALL', everywhere],
    ['export:mask:ALL', everywhere],
    ...(customerId
      ? ([
          ['export:read:ASSIGNED', inChargeOf(sees, customerId)],
          [
            'export:read:AREA',
            sql`exists (select 1 from customer o where o.id = ${customerId} and o.area_id = any(${sees.areaIds}))`,
          ],
        ] as const)
      : []),
  ]);
}

/**
 * The statement of an export: the list's own rows in its order with the columns asked for. Values are `v0`, `v1`, …,
 * the levels beside names of customers `l0`, `l1`, …; `fileId` is the customer whose file the row shows content of.
 */
export function exportStatement(
  reader: Reader,
  entity: ExportEntity,
  columns: readonly ExportColumn[],
  list: Pick<PageArguments, 'where' | 'orderBy'>,
): Sql {
  const source = entity.source(reader);
  const values = columns.map((column, place) => {
    const value = column.type === 'enum' ? sql`${column.sql}::text` : column.sql;
    const readable = column.readable?.(reader, source);
    const shown = readable ? sql`case when ${readable} then ${value} end` : value;
    const level = column.level ? sql`, ${column.level(reader)} as ${raw(`l${place}`)}` : empty;
    return sql`${shown} as ${raw(`v${place}`)}${level}`;
  });
  return wholeList(source, list, {
    select: join([...values, ...fileColumns(reader, entity, columns, source)]),
    joins: entity.joins ?? empty,
    only: exportReach(reader, entity),
  });
}

/** Whose file a row shows content of: of a card none, and none where no such column was asked for. */
function fileColumns(
  reader: Reader,
  { file, customerId }: ExportEntity,
  columns: readonly ExportColumn[],
  source: ListSource,
): readonly Sql[] {
  if (!file || !customerId) return [sql`null as "fileId"`, sql`null as "fileGrade"`];
  const shows =
    file.part === 'file'
      ? any(columns.flatMap(({ readable }) => readable?.(reader, source) ?? []))
      : sql`true`;
  return [
    sql`case when ${shows} then ${customerId} end as "fileId"`,
    sql`${file.grade}::text as "fileGrade"`,
  ];
}

/** Whether the file tells of customers: then it is a trade secret, and its rows are counted (CUS-19). */
export function tellsOfCustomers(columns: readonly ExportColumn[]): boolean {
  return columns.some(({ identifies }) => identifies === true);
}
