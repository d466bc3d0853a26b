import type { SlaRecompute } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { columns, sql } from '../../platform/sql.ts';

export type RecomputeRow = SlaRecompute & { readonly __typename: 'SlaRecompute' };

const RECOMPUTE_COLUMNS = sql`${columns('r', [
  'id',
  'cause',
  'changed',
  'validFrom',
  'createdAt',
  'createdById',
  'total',
  'done',
  'moved',
  'cursor',
  'startedAt',
  'finishedAt',
])}, 'SlaRecompute' as "__typename"`;

export const RECOMPUTE_FIELDS = {
  cause: { kind: 'Enum', enumName: 'SlaRecomputeCause', column: sql`r.cause` },
  changed: { kind: 'String', column: sql`r.changed` },
  validFrom: { kind: 'DateTime', column: sql`r.valid_from` },
  createdAt: { kind: 'DateTime', column: sql`r.created_at` },
  finishedAt: { kind: 'DateTime', column: sql`r.finished_at` },
} as const satisfies Record<string, ListField>;

/** It tells counts alone: open to every employee. */
export function recomputeList(): ListSource {
  return {
    from: sql`sla_recompute r`,
    id: sql`r.id`,
    select: RECOMPUTE_COLUMNS,
    visible: sql`true`,
    full: sql`true`,
    fields: RECOMPUTE_FIELDS,
  };
}

export const recomputeById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<RecomputeRow>(sql`
      select ${RECOMPUTE_COLUMNS} from sla_recompute r where r.id = any(${[...ids]}::uuid[])`),
  ),
);

/** The work that a version or a setting has caused, newest first; by the index sla_recompute(created_at). */
export const recomputeUnderWay = defineLoader(async (reader: Reader, ticketIds) => {
  const rows = await reader.query<RecomputeRow>(sql`
    select ${RECOMPUTE_COLUMNS} from sla_recompute r
    where r.finished_at is null and r.valid_from <= ${reader.now}::timestamptz
    order by r.valid_from, r.id`);
  return ticketIds.map((id) => rows.find((row) => row.cursor === null || row.cursor < id) ?? null);
});
