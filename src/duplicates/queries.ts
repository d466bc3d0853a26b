import { customerReadable, customerWritable } from '../customers/queries/visibility.ts';
import type { CustomerMerge, DuplicateCandidate } from '../generated/prisma/client.ts';
import type { DuplicateReason } from '../generated/prisma/enums.ts';
import type { Reader } from '../organisation/queries.ts';
import type { ListField, ListSource } from '../platform/list.ts';
import { defineLoader, inOrder } from '../platform/loaders.ts';
import { all, any, columns, type Sql, sql } from '../platform/sql.ts';
import type { ViewerSql } from '../platform/visibility.ts';
import { DUPLICATE_SETTINGS } from './settings.ts';

/** Names of fewer characters have too few parts for a likeness to mean something. */
const SHORTEST_NAME = 4;

/** From when on customers count as alike. */
export interface Likeness {
  readonly similarity: number;
  /** What more customers share is no sign. */
  readonly shared: number;
}

/**
 * Customers that are like some given ones, a row for each reason: id, other_id, reason, similarity. Every look is by an
 * index of customer_match and ends where more share something than may: what all have is not compared.
 */
export function alikes(ids: readonly string[], { similarity, shared }: Likeness): Sql {
  const most = sql`${shared + 1}::int`;
  const sharers = (condition: Sql) => sql`
    (select array_agg(customer_id) as ids from (
      select o.customer_id from customer_match o where ${condition} limit ${most}) sharer)`;
  const few = sql`cardinality(h.ids) < ${most}`;
  // The share of parts that both have, of all that either has: Dice's coefficient over the parts of two and three.
  const likeness = sql`
    round(2.0 * cardinality(array(select unnest(s.grams) intersect select unnest(o.grams)))
      / greatest(cardinality(s.grams) + cardinality(o.grams), 1), 3)`;
  return sql`
    with s as materialized (select * from customer_match where customer_id = any(${[...ids]}::uuid[]))
    , pairs as (
      select s.customer_id as id, unnest(h.ids) as other_id, 'NAME'::"DuplicateReason" as reason
      from s cross join lateral ${sharers(sql`o.name_key = s.name_key`)} h where ${few}
      union all
      select s.customer_id, unnest(h.ids), 'REGISTRATION_NUMBER'
      from s cross join lateral unnest(s.code_keys) k(key)
      cross join lateral ${sharers(sql`o.code_keys @> array[k.key]`)} h where ${few}
      union all
      select s.customer_id, unnest(h.ids), 'PHONE'
      from s cross join lateral unnest(s.phone_keys) k(key)
      cross join lateral ${sharers(sql`o.phone_keys @> array[k.key]`)} h where ${few}
      union all
      -- Alike names have at least one part of three characters in common that few have.
      select s.customer_id, unnest(h.ids), 'SIMILAR_NAME'
      from s cross join lateral unnest(s.grams) k(key)
      cross join lateral ${sharers(sql`o.grams @> array[k.key]`)} h
      where length(k.key) = 3 and length(s.name_key) >= ${SHORTEST_NAME}::int and ${few})
    select distinct p.id, p.other_id, p.reason, ${likeness} as similarity
    from pairs p join s on s.customer_id = p.id join customer_match o on o.customer_id = p.other_id
    where p.other_id <> p.id
      and (p.reason <> 'SIMILAR_NAME' or (o.name_key <> s.name_key and ${likeness} >= ${similarity}::numeric))`;
}

export type DuplicateCandidateRow = Omit<DuplicateCandidate, 'similarity'> & {
  readonly __typename: 'DuplicateCandidate';
  readonly similarity: string;
};

const COLUMNS = sql`${columns('d', [
  'id',
  'oneId',
  'otherId',
  'similarity',
  'state',
  'foundAt',
  'decidedById',
  'decidedAt',
  'decisionReason',
  'version',
])}, d.reasons::text[] as reasons, 'DuplicateCandidate' as "__typename"`;

const FROM = sql`duplicate_candidate d join customer c on c.id = d.one_id join customer e on e.id = d.other_id`;

/** Whoever reads both files and may write one of them; that two closed names are alike is content of both. */
export function pairReadable(viewer: ViewerSql): Sql {
  return all([
    customerReadable(viewer, sql`c`),
    customerReadable(viewer, sql`e`),
    any([customerWritable(viewer, sql`c`), customerWritable(viewer, sql`e`)]),
  ]);
}

/** What was found, as a row to lock or to load: of `duplicate_candidate d` with its customers `c` and `e`. */
export const PAIRS = FROM;

export const duplicateById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<DuplicateCandidateRow>(sql`
      select ${COLUMNS} from ${FROM} where d.id = any(${[...ids]}::uuid[]) and ${pairReadable(reader.sees)}`),
  ),
);

export const DUPLICATE_FIELDS = {
  state: { kind: 'Enum', enumName: 'DuplicateState', column: sql`d.state` },
  similarity: { kind: 'Decimal', column: sql`d.similarity` },
  foundAt: { kind: 'DateTime', column: sql`d.found_at` },
} as const satisfies Record<string, ListField>;

/** By the index duplicate_candidate(found_at, id). */
export function duplicateList(reader: Reader): ListSource {
  const visible = pairReadable(reader.sees);
  return {
    from: FROM,
    id: sql`d.id`,
    select: COLUMNS,
    visible,
    full: visible,
    fields: DUPLICATE_FIELDS,
  };
}

export interface PossibleDuplicate {
  readonly customerId: string;
  readonly reasons: readonly DuplicateReason[];
}

/** At once, for a customer that was just written: those like it whose files the viewer reads. */
export const possibleDuplicatesOf = defineLoader(
  async (reader: Reader, ids): Promise<PossibleDuplicate[][]> => {
    const policy = {
      similarity: reader.settings.get(DUPLICATE_SETTINGS.similarity),
      shared: reader.settings.get(DUPLICATE_SETTINGS.shared),
    };
    const rows = await reader.query<PossibleDuplicate & { id: string }>(sql`
      select a.id, a.other_id as "customerId", array_agg(distinct a.reason::text order by a.reason::text) as reasons
      from (${alikes(ids, policy)}) a join customer c on c.id = a.other_id
      where ${customerReadable(reader.sees, sql`c`)} and not exists (
        select 1 from duplicate_candidate d
        where d.one_id = least(a.id, a.other_id) and d.other_id = greatest(a.id, a.other_id) and d.state = 'DISMISSED')
      group by a.id, a.other_id
      order by max(a.similarity) desc, a.other_id`);
    return ids.map((id) => rows.filter((row) => row.id === id));
  },
);

export type CustomerMergeRow = CustomerMerge & { readonly __typename: 'CustomerMerge' };

const MERGE_COLUMNS = sql`${columns('m', [
  'id',
  'duplicateId',
  'survivorId',
  'number',
  'name',
  'facts',
  'taken',
  'moved',
  'reason',
  'mergedById',
  'mergedAt',
])}, 'CustomerMerge' as "__typename"`;

/** What was merged is part of the survivor's file. */
export const customerMergeById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<CustomerMergeRow>(sql`
      select ${MERGE_COLUMNS} from customer_merge m join customer c on c.id = m.survivor_id
      where m.id = any(${[...ids]}::uuid[]) and ${customerReadable(reader.sees, sql`c`)}`),
  ),
);

/** Of files that the viewer reads; who asks has looked. By the index customer_merge(survivor_id, merged_at). */
export const mergesByCustomer = defineLoader(async (reader: Reader, ids) => {
  const rows = await reader.query<CustomerMergeRow>(sql`
    select ${MERGE_COLUMNS} from customer_merge m
    where m.survivor_id = any(${[...ids]}::uuid[]) order by m.merged_at desc, m.id`);
  return ids.map((id) => rows.filter(({ survivorId }) => survivorId === id));
});

/** The customer that has a number, or that one with it was merged into, where the viewer reads its file. */
export async function customerIdByNumber(reader: Reader, number: string): Promise<string | null> {
  const [row] = await reader.query<{ id: string }>(sql`
    select c.id from customer c
    where c.id in (
      select n.id from customer n where n.number = ${number}
      union all select m.survivor_id from customer_merge m where m.number = ${number})
      and ${customerReadable(reader.sees, sql`c`)}`);
  return row?.id ?? null;
}
