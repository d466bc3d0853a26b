import { customerLevel } from '../../customers/queries/visibility.ts';
import type { Customer, Shipment } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { columns, type Sql, sql } from '../../platform/sql.ts';

type Measures = 'quantity' | 'weightKg' | 'revenue' | 'freight' | 'goodsValue';

/** A line of a shipment; measures and amounts are exact text. */
export type ShipmentRow = Omit<Shipment, Measures> &
  Readonly<Record<Exclude<Measures, 'revenue'>, string | null>> & {
    readonly __typename: 'Shipment';
    readonly revenue: string;
    readonly isOnTime: boolean | null;
    readonly daysLate: number | null;
    /** Of the file that it is part of. */
    readonly fileGrade: Customer['grade'];
  };

/** Delivered by the promised time; false also while the line is overdue, null while that is open or nothing was promised. */
export function isOnTime(now: Sql): Sql {
  return sql`(case
    when s.cancelled_at is not null then null
    when s.delivered_at is not null then s.delivered_at <= s.promised_at
    when s.promised_at < ${now} then false
  end)`;
}

/** Local days from the promised day to the delivery, of an overdue line to today; 0 for one that is not late. */
export function daysLate(now: Sql, timeZone: string): Sql {
  return sql`(case
    when s.cancelled_at is null and s.promised_at is not null and (s.delivered_at is not null or s.promised_at < ${now})
    then greatest(0, (coalesce(s.delivered_at, ${now}) at time zone ${timeZone}::text)::date
      - (s.promised_at at time zone ${timeZone}::text)::date)
  end)`;
}

function shipmentSelect({ sees, timeZone }: Reader): Sql {
  return sql`${columns('s', [
    'id',
    'customerId',
    'shipmentNumber',
    'orderNumber',
    'mode',
    'goods',
    'orderedAt',
    'acceptedAt',
    'promisedAt',
    'deliveredAt',
    'countedAt',
    'cancelledAt',
    'lost',
    'damaged',
    'revenue',
    'freight',
    'goodsValue',
    'origin',
    'destination',
    'source',
    'externalId',
    'externalFacts',
    'createdAt',
    'updatedAt',
    'version',
  ])}, trim_scale(s.quantity) as "quantity", trim_scale(s.weight_kg) as "weightKg",
    ${isOnTime(sees.now)} as "isOnTime", ${daysLate(sees.now, timeZone)} as "daysLate",
    c.grade as "fileGrade", 'Shipment' as "__typename"`;
}

/** Shipments are content of the file: only where the customer is fully visible. */
function visible(reader: Reader): Sql {
  return sql`${customerLevel(reader.sees, sql`c`)} = 2`;
}

export const shipmentById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<ShipmentRow>(sql`
      select ${shipmentSelect(reader)} from shipment s join customer c on c.id = s.customer_id
      where s.id = any(${[...ids]}::uuid[]) and ${visible(reader)}`),
  ),
);

/** Index shipment(counted_at, id) serves the usual order, shipment_pkey the plain list. */
export const SHIPMENT_FIELDS = {
  shipmentNumber: { kind: 'String', column: sql`s.shipment_number` },
  orderNumber: { kind: 'String', column: sql`s.order_number` },
  customer: { kind: 'ID', entity: 'Customer', column: sql`s.customer_id`, orderable: false },
  area: { kind: 'ID', entity: 'Area', column: sql`c.area_id`, orderable: false },
  mode: { kind: 'Enum', enumName: 'ShipmentMode', column: sql`s.mode` },
  goods: { kind: 'String', column: sql`s.goods`, orderable: false },
  orderedAt: { kind: 'DateTime', column: sql`s.ordered_at` },
  acceptedAt: { kind: 'DateTime', column: sql`s.accepted_at` },
  promisedAt: { kind: 'DateTime', column: sql`s.promised_at` },
  deliveredAt: { kind: 'DateTime', column: sql`s.delivered_at` },
  countedAt: { kind: 'DateTime', column: sql`s.counted_at` },
  cancelledAt: { kind: 'DateTime', column: sql`s.cancelled_at` },
  lost: { kind: 'Boolean', column: sql`s.lost`, orderable: false },
  damaged: { kind: 'Boolean', column: sql`s.damaged`, orderable: false },
  weightKg: { kind: 'Decimal', column: sql`s.weight_kg` },
  revenue: { kind: 'Decimal', column: sql`s.revenue` },
  freight: { kind: 'Decimal', column: sql`s.freight` },
  goodsValue: { kind: 'Decimal', column: sql`s.goods_value` },
  origin: { kind: 'String', column: sql`s.origin`, orderable: false },
  destination: { kind: 'String', column: sql`s.destination`, orderable: false },
  source: { kind: 'String', column: sql`s.source`, orderable: false },
  externalId: { kind: 'String', column: sql`s.external_id`, orderable: false },
  ...standing(sql`now()`),
} as const satisfies Record<string, ListField>;

/** How a line stands at an instant. */
function standing(now: Sql) {
  return {
    isOnTime: { kind: 'Boolean', column: isOnTime(now), orderable: false },
  } as const satisfies Record<string, ListField>;
}

/** Shipments of customers whose file the viewer may read; of other files there are none. */
export function shipmentList(reader: Reader): ListSource {
  return {
    from: sql`shipment s join customer c on c.id = s.customer_id`,
    id: sql`s.id`,
    select: shipmentSelect(reader),
    visible: visible(reader),
    full: visible(reader),
    fields: { ...SHIPMENT_FIELDS, ...standing(reader.sees.now) },
  };
}
