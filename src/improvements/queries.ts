import type { ActionItem, ImprovementPlan } from '../generated/prisma/client.ts';
import type { ActionItemKind, RootCause } from '../generated/prisma/enums.ts';
import type { Reader } from '../organisation/queries.ts';
import type { ListField, ListSource } from '../platform/list.ts';
import { defineLoader, inOrder } from '../platform/loaders.ts';
import { any, columns, type Sql, sql } from '../platform/sql.ts';
import { reached, type ViewerSql } from '../platform/visibility.ts';
import { ticketReadable } from '../tickets/queries/visibility.ts';
import { TICKET_SETTINGS } from '../tickets/settings.ts';

export type PlanRow = ImprovementPlan & { readonly __typename: 'ImprovementPlan' };
export type ItemRow = ActionItem & { readonly __typename: 'ActionItem' };

/** The department, whoever has something to do in it, and those who read all tickets or the audit (TIC-26). */
export function planReadable(viewer: ViewerSql, p: Sql): Sql {
  return any([
    reached(viewer, [
      ['ticket:read:ALL', sql`true`],
      ['auditLog:read:ALL', sql`true`],
    ]),
    sql`${p}.department_id = ${viewer.departmentId}`,
    sql`${p}.owner_id = ${viewer.employeeId}`,
    sql`exists (select 1 from action_item i where i.plan_id = ${p}.id and i.owner_id = ${viewer.employeeId})`,
  ]);
}

/** Who works on all tickets, and the plan's owner. */
export function planWritable(viewer: ViewerSql, p: Sql): Sql {
  return any([reached(viewer, [['ticket:write:ALL', sql`true`]]), sql`${p}.owner_id = ${viewer.employeeId}`]);
}

const p = sql`p`;

const PLAN_COLUMNS = sql`${columns('p', [
  'id',
  'departmentId',
  'goal',
  'rootCause',
  'ownerId',
  'dueAt',
  'state',
  'effect',
  'createdAt',
  'createdById',
  'endedAt',
  'endedById',
  'version',
])}, 'ImprovementPlan' as "__typename"`;

export const planById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<PlanRow>(sql`
      select ${PLAN_COLUMNS} from improvement_plan p
      where p.id = any(${[...ids]}::uuid[]) and ${planReadable(reader.sees, p)}`),
  ),
);

export const PLAN_FIELDS = {
  state: { kind: 'Enum', enumName: 'ImprovementPlanState', column: sql`p.state` },
  rootCause: { kind: 'Enum', enumName: 'RootCause', column: sql`p.root_cause` },
  department: { kind: 'ID', entity: 'Department', column: sql`p.department_id`, orderable: false },
  owner: { kind: 'ID', entity: 'Employee', column: sql`p.owner_id`, orderable: false },
  createdAt: { kind: 'DateTime', column: sql`p.created_at` },
  dueAt: { kind: 'DateTime', column: sql`p.due_at` },
} as const satisfies Record<string, ListField>;

/** By the index improvement_plan(created_at, id). */
export function planList(reader: Reader): ListSource {
  const visible = planReadable(reader.sees, p);
  return {
    from: sql`improvement_plan p`,
    id: sql`p.id`,
    select: PLAN_COLUMNS,
    visible,
    full: visible,
    fields: PLAN_FIELDS,
  };
}

/** Measures of plans that were read, in their order; index action_item(plan_id, number). */
export const itemsOfPlan = defineLoader(async (reader: Reader, planIds) => {
  const rows = await reader.query<ItemRow>(sql`
    select ${columns('i', ['id', 'planId', 'number', 'kind', 'measure', 'ownerId', 'dueAt', 'doneAt', 'doneById', 'result'])},
           'ActionItem' as "__typename"
    from action_item i where i.plan_id = any(${[...planIds]}::uuid[]) order by i.plan_id, i.number`);
  const byPlan = Map.groupBy(rows, (row) => row.planId);
  return planIds.map((id) => byPlan.get(id) ?? []);
});

/** The ids of the complaints that plans come from, as far as the viewer may read those. */
export const ticketsOfPlan = defineLoader(async (reader: Reader, planIds) => {
  const rows = await reader.query<{ planId: string; ticketId: string }>(sql`
    select l.plan_id as "planId", l.ticket_id as "ticketId"
    from improvement_plan_ticket l join ticket t on t.id = l.ticket_id
    where l.plan_id = any(${[...planIds]}::uuid[]) and ${ticketReadable(reader.sees, sql`t`)}
    order by l.ticket_id`);
  const byPlan = Map.groupBy(rows, (row) => row.planId);
  return planIds.map((id) => (byPlan.get(id) ?? []).map(({ ticketId }) => ticketId));
});

/** Plans that complaints led to, as far as the viewer may read them; index improvement_plan_ticket(ticket_id). */
export const plansOfTicket = defineLoader(async (reader: Reader, ticketIds) => {
  const rows = await reader.query<PlanRow & { readonly ticketId: string }>(sql`
    select ${PLAN_COLUMNS}, l.ticket_id as "ticketId"
    from improvement_plan_ticket l join improvement_plan p on p.id = l.plan_id
    where l.ticket_id = any(${[...ticketIds]}::uuid[]) and ${planReadable(reader.sees, p)}
    order by p.created_at, p.id`);
  const byTicket = Map.groupBy(rows, (row) => row.ticketId);
  return ticketIds.map((id) => byTicket.get(id) ?? []);
});

/** How often a cause led to a complaint in a span, and in the one of the same length before it. */
export interface CauseCount {
  readonly rootCause: RootCause | null;
  readonly count: number;
  readonly before: number;
  readonly serious: number;
  readonly companyLiable: number;
  /** Came to the number of ticket.rootCauseCount within its days, at some time of the span (TIC-26). */
  readonly recurring: boolean;
  readonly openPlans: number;
}

/**
 * Complaints that the viewer may read, by cause, those without one (not investigated yet) last; one statement, by the
 * index ticket_opened_at_idx.
 */
export function complaintCauses(reader: Reader, from: Date, until: Date): Promise<CauseCount[]> {
  const { count: most, days } = reader.settings.get(TICKET_SETTINGS.rootCauseCount);
  const before = new Date(2 * from.getTime() - until.getTime());
  // Far enough back for both the span before and the days in which a cause recurs.
  const first = new Date(Math.min(before.getTime(), from.getTime() - days * 86_400_000));
  return reader.query<CauseCount>(sql`
    select c.*, (
      select count(*)::int from improvement_plan p
      where p.root_cause = c."rootCause" and p.state = 'OPEN' and ${planReadable(reader.sees, p)}) as "openPlans"
    from (
      select t.root_cause as "rootCause",
             (count(*) filter (where t.is_in))::int as count,
             (count(*) filter (where not t.is_in and t.opened_at >= ${before}::timestamptz))::int as before,
             (count(*) filter (where t.is_in and t.severity = 'SERIOUS'))::int as serious,
             (count(*) filter (where t.is_in and t.liability in ('COMPANY', 'SHARED')))::int as "companyLiable",
             coalesce(t.root_cause is not null and max(t.lately) filter (where t.is_in) >= ${most}::int, false) as recurring
      from (
        select t.root_cause, t.severity, t.liability, t.opened_at, t.opened_at >= ${from}::timestamptz as is_in,
               count(*) over (
                 partition by t.root_cause order by t.opened_at
                 range between ${days}::int * interval '1 day' preceding and current row) as lately
        from ticket t
        where t.category = 'COMPLAINT' and t.status <> 'CANCELLED'
          and t.opened_at >= ${first}::timestamptz and t.opened_at < ${until}::timestamptz
          and ${ticketReadable(reader.sees, sql`t`)}) t
      group by t.root_cause
      having count(*) filter (where t.opened_at >= ${before}::timestamptz) > 0) c
    order by c."rootCause" is null, c.count desc, c."rootCause"`);
}

/** Measures that fell due in a span, of plans that the viewer may read. */
export interface ItemCount {
  readonly kind: ActionItemKind;
  readonly due: number;
  readonly done: number;
  readonly doneLate: number;
}

export function measuresDue(reader: Reader, from: Date, until: Date): Promise<ItemCount[]> {
  return reader.query<ItemCount>(sql`
    select i.kind, count(*)::int as due, count(i.done_at)::int as done,
           (count(*) filter (where i.done_at > i.due_at))::int as "doneLate"
    from action_item i join improvement_plan p on p.id = i.plan_id
    where i.due_at >= ${from}::timestamptz and i.due_at < ${until}::timestamptz and ${planReadable(reader.sees, p)}
    group by i.kind order by i.kind`);
}
