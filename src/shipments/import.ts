import { findCustomers } from '../customers/import.ts';
import { ShipmentMode } from '../generated/prisma/enums.ts';
import { amount, choice, deadline, instant, measure, required, words, yesNo } from '../import/fields.ts';
import type { FieldIssue, ImportKind } from '../import/kind.ts';
import { byColumn, type ImportColumns } from '../import/table.ts';
import { text } from '../lib/text.ts';
import { sql } from '../platform/sql.ts';
import { countedAt } from './rules.ts';

const SHIPMENT_FIELDS = {
  shipmentNumber: required(words(200)),
  customerNumber: words(100),
  customerExternalId: words(200),
  customerSource: words(100),
  orderNumber: words(200),
  mode: choice(ShipmentMode),
  goods: words(2_000),
  orderedAt: instant(),
  acceptedAt: instant(),
  promisedAt: deadline(),
  deliveredAt: instant(),
  cancelledAt: instant(),
  lost: yesNo(),
  damaged: yesNo(),
  quantity: measure(),
  weightKg: measure(),
  revenue: amount(),
  freight: amount(),
  goodsValue: amount(),
  origin: words(2_000),
  destination: words(2_000),
} as const;

const SHIPMENT_COLUMNS: ImportColumns = {
  customer_id: { type: 'uuid', from: ['customerNumber', 'customerExternalId'] },
  shipment_number: { type: 'text', from: ['shipmentNumber'] },
  order_number: { type: 'text', from: ['orderNumber'] },
  mode: { type: '"ShipmentMode"', from: ['mode'] },
  goods: { type: 'text', from: ['goods'] },
  ordered_at: { type: 'timestamptz(3)', from: ['orderedAt'] },
  accepted_at: { type: 'timestamptz(3)', from: ['acceptedAt'] },
  promised_at: { type: 'timestamptz(3)', from: ['promisedAt'] },
  delivered_at: { type: 'timestamptz(3)', from: ['deliveredAt'] },
  counted_at: { type: 'timestamptz(3)', from: ['acceptedAt', 'deliveredAt', 'promisedAt'] },
  cancelled_at: { type: 'timestamptz(3)', from: ['cancelledAt'] },
  lost: { type: 'boolean', from: ['lost'] },
  damaged: { type: 'boolean', from: ['damaged'] },
  quantity: { type: 'numeric(18, 3)', from: ['quantity'] },
  weight_kg: { type: 'numeric(18, 3)', from: ['weightKg'] },
  revenue: { type: 'numeric(18, 2)', from: ['revenue'] },
  freight: { type: 'numeric(18, 2)', from: ['freight'] },
  goods_value: { type: 'numeric(18, 2)', from: ['goodsValue'] },
  origin: { type: 'text', from: ['origin'] },
  destination: { type: 'text', from: ['destination'] },
  external_facts: { type: 'jsonb', from: ['extra'] },
};

/** What has happened lies behind us. */
const PAST_FIELDS = ['orderedAt', 'acceptedAt', 'deliveredAt', 'cancelledAt'] as const;

/** Lines of shipments that another system keeps, of customers that are here already. */
export const shipmentImport: ImportKind<typeof SHIPMENT_FIELDS> = {
  name: 'shipments',
  subject: 'Shipment',
  fields: SHIPMENT_FIELDS,
  keepsExtra: true,
  table: {
    name: 'shipment',
    columns: SHIPMENT_COLUMNS,
    // The entry of an import names no record.
    workedOn: sql`exists (
      select 1 from audit_log a where a.subject_type = 'Shipment' and a.subject_id = t.id)`,
  },
  derive(values, now) {
    const { customerNumber, customerExternalId, customerSource, ...facts } = values;
    const counted = countedAt(values);
    const issues: FieldIssue[] = PAST_FIELDS.filter((field) => (values[field] ?? now) > now).map((field) => ({
      field,
      accepted: text('not in the future', '不能晚于当前时间'),
    }));
    if (counted === null) {
      issues.push({
        field: 'deliveredAt',
        accepted: text(
          'not empty, or an acceptedAt or promisedAt: a line counts on a day',
          '不能为空（或填写 acceptedAt、promisedAt）：每行须归属某一天',
        ),
      });
    }
    if (customerNumber === null && customerExternalId === null) {
      issues.push({
        field: 'customerExternalId',
        accepted: text(
          'not empty, or a customerNumber: a shipment belongs to a customer',
          '不能为空（或填写 customerNumber）：货运须属于客户',
        ),
      });
    }
    return {
      columns: {
        ...byColumn(facts),
        lost: values.lost ?? false,
        damaged: values.damaged ?? false,
        revenue: values.revenue ?? '0',
        counted_at: counted,
      },
      issues,
    };
  },
  async resolve(db, rows) {
    const { customers, issues } = await findCustomers(db, rows);
    for (const [row, customer] of customers) row.columns.customer_id = customer.id;
    return issues;
  },
  complete: async () => undefined,
  // The audit entry of the batch is the record; shipments have no history of their own.
  record: async () => undefined,
};
