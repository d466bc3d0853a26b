import { CUSTOMER_SETTINGS } from '../customers/settings.ts';
import { customerLevel } from '../customers/queries/visibility.ts';
import type { CustomerReport } from '../generated/prisma/client.ts';
import type { CustomerGrade, ShipmentMode } from '../generated/prisma/enums.ts';
import { recognisedRevenue } from '../kpis/definitions/sources/shipments.ts';
import { localDate, parsePeriod } from '../lib/periods.ts';
import type { Reader } from '../organisation/queries.ts';
import type { ListField, ListSource } from '../platform/list.ts';
import { defineLoader, inOrder } from '../platform/loaders.ts';
import { columns, type Queryable, type Sql, sql } from '../platform/sql.ts';
import type { Settings } from '../platform/settings-register.ts';
import { LEVEL, reached, type ViewerSql } from '../platform/visibility.ts';

export type ReportRow = Omit<CustomerReport, 'figures'> & {
  readonly __typename: 'CustomerReport';
  readonly figures: readonly CardFigure[] | null;
};

const r = sql`r`;

const COLUMNS = sql`${columns('r', [
  'id',
  'kind',
  'year',
  'areaId',
  'state',
  'summary',
  'note',
  'figures',
  'preparedById',
  'preparedAt',
  'filledById',
  'filledAt',
  'reviewedById',
  'reviewedAt',
  'returnReason',
  'version',
])}, 'CustomerReport' as "__typename"`;

/** The one visibility fragment of reports: FULL or NONE. What their rows show is decided by the rights on files. */
export function reportReadable(viewer: ViewerSql, r: Sql): Sql {
  return reached(viewer, [
    ['customerReport:read:ALL', sql`true`],
    ['customerReport:read:AREA', sql`${r}.area_id = any(${viewer.areaIds})`],
  ]);
}

export const customerReportById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<ReportRow>(sql`
      select ${COLUMNS} from customer_report r
      where r.id = any(${[...ids]}::uuid[]) and ${reportReadable(reader.sees, r)}`),
  ),
);

export const REPORT_FIELDS = {
  kind: { kind: 'Enum', enumName: 'CustomerReportKind', column: sql`r.kind` },
  year: { kind: 'Int', column: sql`r.year` },
  area: { kind: 'ID', entity: 'Area', column: sql`r.area_id`, orderable: false },
  state: { kind: 'Enum', enumName: 'CustomerReportState', column: sql`r.state` },
  preparedAt: { kind: 'DateTime', column: sql`r.prepared_at` },
} as const satisfies Record<string, ListField>;

/** By the index customer_report(prepared_at, id). */
export function customerReportList(reader: Reader): ListSource {
  const visible = reportReadable(reader.sees, r);
  return {
    from: sql`customer_report r`,
    id: sql`r.id`,
    select: COLUMNS,
    visible,
    full: visible,
    fields: REPORT_FIELDS,
  };
}

type Scope = Pick<CustomerReport, 'year' | 'areaId'>;

/**
 * The lines of a year of the customers whose file the viewer reads, of an area or of all. By
 * shipment(counted_at, id, customer_id).
 */
function linesOf(reader: Reader, { year, areaId }: Scope): Sql {
  const { start, end } = parsePeriod(String(year), reader.timeZone);
  return sql`shipment s join customer c on c.id = s.customer_id
    where s.counted_at >= ${new Date(start)}::timestamptz and s.counted_at < ${new Date(end)}::timestamptz
      and s.cancelled_at is null and (${areaId}::uuid is null or c.area_id = ${areaId}::uuid)
      and ${customerLevel(reader.sees, sql`c`)} = ${LEVEL.FULL}::int`;
}

/** FRM-10: what a customer of a region was sold. */
export interface RegionalRow {
  readonly areaId: string | null;
  readonly customerId: string;
  readonly grade: CustomerGrade | null;
  readonly business: string | null;
  readonly product: string | null;
  readonly quantity: string | null;
  readonly shipments: number;
}

export const ROWS_MAX = 1_000;

export function regionalRows(reader: Reader, scope: Scope, first: number): Promise<RegionalRow[]> {
  return reader.query<RegionalRow>(sql`
    select c.area_id as "areaId", c.id as "customerId", c.grade, coalesce(c.scope_of_business, c.industry, c.type) as business,
           s.goods as product, trim_scale(sum(s.quantity))::text as quantity,
           (count(distinct s.shipment_number))::int as shipments
    from ${linesOf(reader, scope)}
    group by c.id, s.goods
    order by (select a.code from area a where a.id = c.area_id) nulls last, c.name, c.id, s.goods nulls last
    limit ${first}::int`);
}

/** FRM-11: revenue of a product in each region. */
export interface SalesRow {
  readonly productClass: ShipmentMode | null;
  readonly product: string | null;
  readonly total: string;
  readonly places: readonly { readonly areaId: string | null; readonly amount: string }[];
}

export function salesRows(reader: Reader, scope: Scope, first: number): Promise<SalesRow[]> {
  return reader.query<SalesRow>(sql`
    with cell as (
      select s.mode, s.goods, c.area_id, sum(s.revenue) as amount
      from ${linesOf(reader, scope)}
      group by s.mode, s.goods, c.area_id
    )
    select p.mode as "productClass", p.goods as product, trim_scale(sum(p.amount))::text as total,
           jsonb_agg(jsonb_build_object('areaId', p.area_id, 'amount', trim_scale(p.amount)::text)
                     order by a.code nulls last) as places
    from cell p left join area a on a.id = p.area_id
    group by p.mode, p.goods
    order by p.mode nulls last, sum(p.amount) desc, p.goods nulls last
    limit ${first}::int`);
}

/** FRM-16: customers and operation of a region in a year. */
export interface CardFigure {
  /** Null for customers without one. */
  readonly areaId: string | null;
  readonly customers: number;
  readonly amount: string;
  /** In percent of the company's. */
  readonly ratio: string | null;
}

interface Counting extends Queryable {
  readonly settings: Settings;
}

/** From the counts per day; figures over customers, no content of a file. By the primary key of metric_fact. */
export function cardFigures(db: Counting, { year, areaId }: Scope, timeZone: string): Promise<CardFigure[]> {
  const { start, end } = parsePeriod(String(year), timeZone);
  const [from, until] = [localDate(start, timeZone), localDate(end, timeZone)];
  const scope: readonly string[] = db.settings.get(CUSTOMER_SETTINGS.fileScope);
  return db.query<CardFigure>(sql`
    with amount as (
      select case when f.dimension_kind = 'AREA' then f.dimension_id end as area_id,
             f.dimension_kind = 'COMPANY' as whole, sum(f.numerator) as amount
      from metric_fact f
      where f.source = ${recognisedRevenue.name} and f.dimension_kind in ('COMPANY', 'AREA') and f.cut_kind = 'NONE'
        and f.day >= ${from}::date and f.day < ${until}::date
      group by 1, 2
    ), total as (
      select coalesce(sum(amount) filter (where whole), 0) as amount,
             coalesce(sum(amount) filter (where not whole), 0) as placed
      from amount
    ), place as (
      select a.id, a.code from area a
      union all select null, null
    )
    select p.id as "areaId",
           (select count(*)::int from customer c
            where c.area_id is not distinct from p.id and c.lifecycle::text = any(${[...scope]}::text[])) as customers,
           trim_scale(v.amount)::text as amount, trim_scale(round(100 * v.amount / nullif(t.amount, 0), 2))::text as ratio
    from place p cross join total t
    left join amount m on m.area_id = p.id and not m.whole
    cross join lateral (
      select case when p.id is null then t.amount - t.placed else coalesce(m.amount, 0) end as amount) v
    where ${areaId}::uuid is null or p.id = ${areaId}::uuid
    order by p.code nulls last`);
}
