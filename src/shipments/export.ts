import {
  CUSTOMER_COLUMN,
  type ExportColumn,
  type ExportEntity,
  fromField,
  joinCustomer,
} from '../exports/entity.ts';
import { type Text, text } from '../lib/text.ts';
import { sql } from '../platform/sql.ts';
import { SHIPMENT_FIELDS, shipmentList } from './queries/shipments.ts';

function field(code: keyof typeof SHIPMENT_FIELDS, heading: Text): ExportColumn {
  return fromField(SHIPMENT_FIELDS, code, heading);
}

const IDENTIFIES = { identifies: true } as const;

export const shipmentExport: ExportEntity = {
  list: 'shipments',
  entity: 'Shipment',
  title: text('Shipments', '货运'),
  source: shipmentList,
  joins: joinCustomer(sql`s.customer_id`),
  customerId: sql`s.customer_id`,
  file: { grade: sql`c.grade`, part: 'shipments' },
  columns: [
    { ...field('shipmentNumber', text('Shipment number', '运单号')), ...IDENTIFIES },
    { ...field('orderNumber', text('Order number', '订单号')), ...IDENTIFIES },
    CUSTOMER_COLUMN,
    field('area', text('Area', '区域')),
    field('mode', text('Mode', '运输方式')),
    { ...field('goods', text('Goods', '货物')), ...IDENTIFIES },
    field('orderedAt', text('Ordered at', '下单时间')),
    field('acceptedAt', text('Accepted at', '揽收时间')),
    field('promisedAt', text('Promised at', '承诺送达时间')),
    field('deliveredAt', text('Delivered at', '送达时间')),
    field('countedAt', text('Counted at', '计量时间')),
    field('cancelledAt', text('Cancelled at', '取消时间')),
    field('isOnTime', text('On time', '准时送达')),
    field('lost', text('Lost', '丢失')),
    field('damaged', text('Damaged', '损坏')),
    { code: 'quantity', heading: text('Quantity', '数量'), type: 'money', sql: sql`trim_scale(s.quantity)` },
    {
      code: 'weightKg',
      heading: text('Weight, kg', '重量（公斤）'),
      type: 'money',
      sql: sql`trim_scale(s.weight_kg)`,
    },
    field('revenue', text('Revenue', '收入')),
    field('freight', text('Freight', '运费')),
    field('goodsValue', text('Value of the goods', '货值')),
    { ...field('origin', text('Origin', '发货地')), ...IDENTIFIES },
    { ...field('destination', text('Destination', '目的地')), ...IDENTIFIES },
    field('source', text('Source', '来源系统')),
    { ...field('externalId', text('Id in the source', '来源编号')), ...IDENTIFIES },
  ],
};
