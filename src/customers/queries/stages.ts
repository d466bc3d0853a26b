import type { CustomerStageChange, LossReview } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import { defineLoader } from '../../platform/loaders.ts';
import { columns, sql } from '../../platform/sql.ts';

export type StageChangeRow = Omit<CustomerStageChange, 'id'>;

export type LossReviewRow = Omit<LossReview, 'valueLost'> & { readonly valueLost: string };

/** The stages that customers have entered, the newest first; who asks has read the file. By its index on the customer. */
export const stagesByCustomer = defineLoader(async (reader: Reader, ids) => {
  const rows = await reader.query<StageChangeRow>(sql`
    select ${columns('h', ['customerId', 'from', 'to', 'reason', 'actorId', 'at'])}
    from customer_stage_change h where h.customer_id = any(${[...ids]}::uuid[]) order by h.at desc, h.id desc`);
  const by = Map.groupBy(rows, (row) => row.customerId);
  return ids.map((id) => by.get(id) ?? []);
});

/** Why customers were lost, the newest first; who asks has read the file. By its index on the customer. */
export const lossesByCustomer = defineLoader(async (reader: Reader, ids) => {
  const rows = await reader.query<LossReviewRow>(sql`
    select ${columns('r', ['id', 'customerId', 'reason', 'analysis', 'lesson', 'winBackAction', 'recordedById', 'recordedAt'])},
           r.value_lost::text as "valueLost"
    from loss_review r where r.customer_id = any(${[...ids]}::uuid[]) order by r.recorded_at desc, r.id desc`);
  const by = Map.groupBy(rows, (row) => row.customerId);
  return ids.map((id) => by.get(id) ?? []);
});
