import type { Command } from '../../platform/command.ts';
import { type Sql, sql } from '../../platform/sql.ts';
import { inFileScope } from '../definitions.ts';

/** Something that is to be done with a file again and again. */
export interface FileWatch {
  readonly kind: string;
  readonly period: string;
  /** Since when it is right, and when it must be done again; of customer `c`. */
  readonly since: Sql;
  readonly due: (settings: Command['settings']) => Sql;
  /** Files that it concerns, of those in the file scheme. */
  readonly concerns: Sql;
}

/**
 * Has the sweep look at files when something is due of them; one that is watched already is moved where its grade, its
 * life stage or the policy has changed when that is. One statement for all files (`ids` null) or some.
 */
export async function watchFiles(
  tx: Command,
  watch: FileWatch,
  ids: readonly string[] | null,
): Promise<void> {
  const due = watch.due(tx.settings);
  await tx.query(sql`
    insert into obligation as o (id, kind, subject_id, period, owner_id, starts_at, due_at, next_at, state, step)
    select gen_random_uuid(), ${watch.kind}, c.id, ${watch.period}, c.custodian_id, ${watch.since}, ${due}, ${due}, 'OPEN', 0
    from customer c
    where ${inFileScope(tx.settings)} and ${watch.concerns}
      and (${ids === null}::boolean or c.id = any(${[...(ids ?? [])]}::uuid[]))
    on conflict (kind, subject_id, period) do update set
      owner_id = excluded.owner_id, starts_at = excluded.starts_at, due_at = excluded.due_at,
      next_at = excluded.next_at, state = 'OPEN', step = 0, failures = 0
    where o.due_at is distinct from excluded.due_at or o.state = 'CANCELLED'
    returning 1 as written`);
}

export interface DueFile {
  readonly id: string;
  readonly custodianId: string | null;
  readonly dedicated: string[];
  readonly concerned: boolean;
  readonly since: Date;
  readonly dueAt: Date;
}

/** How the files stand whose watch has come due, by customer. One statement. */
export async function dueFiles(
  tx: Command,
  watch: FileWatch,
  ids: readonly string[],
): Promise<ReadonlyMap<string, DueFile>> {
  const rows = await tx.query<DueFile>(sql`
    select c.id, c.custodian_id as "custodianId", (${inFileScope(tx.settings)} and ${watch.concerns}) as concerned,
           ${watch.since} as since, ${watch.due(tx.settings)} as "dueAt",
           array(select distinct a.employee_id from customer_assignment a
                 where a.customer_id = c.id and a.dedicated and a.valid_from <= ${tx.now}::timestamptz
                   and (a.valid_to is null or a.valid_to > ${tx.now}::timestamptz)) as dedicated
    from customer c where c.id = any(${[...ids]}::uuid[])`);
  return new Map(rows.map((row) => [row.id, row]));
}
