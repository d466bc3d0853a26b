import type { CustomerRow } from '../customers/queries/customers.ts';
import { recordedRead } from '../customers/rules.ts';
import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { money } from '../graphql/shared-types.ts';
import { checkSpan, type CustomerVolume, customerVolumes, volumeKey, type VolumeSpan } from './queries.ts';

const StepType = builder.enumType('VolumeStep', {
  description: 'What volume is counted by.',
  values: {
    DAY: { description: 'Business days.' },
    MONTH: { description: 'Business months.' },
  } as const,
});

const VolumeType = builder.objectRef<CustomerVolume>('CustomerVolume').implement({
  description: 'What a customer shipped on a day or in a month (CUS-32, KPI-65).',
  fields: (t) => ({
    period: t.exposeString('period', { description: '2026-11-23 or 2026-11.' }),
    shipments: t.exposeInt('shipments', { description: 'Accepted for carriage then.' }),
    tonnes: t.field({ type: 'Decimal', description: 'Of these shipments.', resolve: (row) => row.tonnes }),
    revenue: t.field({
      type: 'Money',
      nullable: true,
      description: 'Recognised then, at delivery.',
      resolve: (row, _args, context) => money(row.revenue, context),
    }),
  }),
});

interface CustomerFields {
  arg(options: { type: unknown; required: true; description: string }): unknown;
  field(options: {
    type: unknown;
    nullable: true;
    description: string;
    complexity: { field: number; multiplier: number };
    args: Record<string, unknown>;
    resolve: (row: CustomerRow, args: VolumeSpan, context: Context) => Promise<CustomerVolume[] | null>;
  }): never;
}

builder.objectField('Customer' as never, 'volumes', (builderOf) => {
  const t = builderOf as unknown as CustomerFields;
  return t.field({
    type: [VolumeType],
    nullable: true,
    description:
      'Volume and sales per day or month where there were any, as they are counted now; null where the file is closed (CUS-32). At most 366 days by DAY, ten years by MONTH.',
    complexity: { field: 5, multiplier: 1 },
    args: {
      by: t.arg({ type: StepType, required: true, description: 'By day or by month.' }),
      from: t.arg({ type: 'Date', required: true, description: 'The first business day.' }),
      to: t.arg({ type: 'Date', required: true, description: 'The last one, included.' }),
    },
    async resolve(row, args, context) {
      checkSpan(args);
      if (row.access !== 'FULL') return null;
      const read = recordedRead(context.read.viewer, row, 'shipments');
      if (read) context.recordRead(read);
      return customerVolumes.load(context.read, volumeKey(row.id, args));
    },
  });
});
