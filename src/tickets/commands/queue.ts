import type {
  BusinessLine,
  RoutingRule,
  TeamChoice,
  TicketPriority,
  TicketSeverity,
  TicketStatus,
} from '../../generated/prisma/enums.ts';
import type { Prisma } from '../../generated/prisma/client.ts';
import { Forbidden, IllegalTransition, invalid } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { localDate } from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import type { Employee, Organisation, Reader } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer, viewerOf } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { join, sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { IN_QUEUE, QUEUE_ORDER } from '../queries/queues.ts';
import { ticketReadable, ticketWritable } from '../queries/visibility.ts';
import {
  beginsWhenTaken,
  giveOut,
  handlersOf,
  type Route,
  routeTicket,
  routingRule,
  transferableTo,
} from '../rules/routing.ts';
import { priorityOf } from '../rules/severity.ts';
import { TICKET_SETTINGS } from '../settings.ts';
import { renewTerms, syncClocks } from './clock.ts';
import { changeTicket, hasPhone, lockTicket, moveTicket, requireOpen } from './ticket.ts';

type Directory = Pick<Reader, 'organisation' | 'timeZone'>;

interface OnTicket {
  readonly ticketId: string;
  readonly expectedVersion?: number | null;
}

/** What the queue of a ticket follows from. */
interface RoutedTicket {
  readonly keyAccountId: string | null;
  readonly arisesDuringSale: boolean;
  readonly areaId: string | null;
  readonly businessLine: BusinessLine | null;
  readonly ownerId: string | null;
  readonly specialistId: string | null;
  readonly openedById: string | null;
}

/** The queue that a ticket comes to, by its facts and the people in charge of its customer. */
export function routeOf(ticket: RoutedTicket, { employees, teams }: Organisation): Route {
  const isKeyAccount = ticket.keyAccountId !== null;
  const owner = employees.get(ticket.ownerId ?? '');
  const inCharge = isKeyAccount ? employees.get(ticket.specialistId ?? '') : owner;
  return routeTicket(
    {
      isKeyAccount,
      arisesDuringSale: ticket.arisesDuringSale,
      areaId: ticket.areaId,
      businessLine: ticket.businessLine,
      teamInCharge: inCharge?.teamId ?? null,
      departmentInCharge: owner?.departmentId ?? null,
      openerTeam: employees.get(ticket.openedById ?? '')?.teamId ?? null,
    },
    teams.values(),
  );
}

/** A route as the columns of a ticket. */
export function routeColumns({ teamId, rule, choice }: Route, now: Date) {
  return {
    teamId,
    routingRule: teamId === null ? null : rule,
    routingChoice: choice,
    routingNote: null,
    routedAt: teamId === null ? null : now,
  };
}

/** Whoever is in the team stays at work on a ticket that comes to it; anybody else gives it up. */
function handlerIn(
  teamId: string | null,
  assigneeId: string | null,
  { employees }: Organisation,
): string | null {
  return assigneeId !== null && employees.get(assigneeId)?.teamId === teamId ? assigneeId : null;
}

/**
 * Gives those of the tickets that wait in a queue to handlers, where ticket.assignment says so: by turns or by load among
 * the members of the team who are employed and hold the role now. The team's turn is locked meanwhile, so that two
 * transactions never count the same turn or load. The number of statements does not depend on the number of tickets.
 * The clocks, which name the handler, are the caller's to move afterwards.
 */
export async function giveOutTickets(
  tx: Command,
  ticketIds: readonly string[],
  { organisation, timeZone }: Directory,
): Promise<void> {
  const assignment = tx.settings.get(TICKET_SETTINGS.assignment);
  if (assignment === 'MANUAL' || ticketIds.length === 0) return;
  const waiting = await tx.query<{ id: string; teamId: string; status: TicketStatus }>(sql`
    select t.id, t.team_id as "teamId", t.status from ticket t
    where t.id = any(${[...ticketIds]}::uuid[]) and t.team_id is not null and t.assignee_id is null and ${IN_QUEUE}
    order by ${join(QUEUE_ORDER.map(({ expression }) => expression))}, t.id`);
  const byTeam = Map.groupBy(waiting, ({ teamId }) => teamId);
  const teamIds = [...byTeam.keys()].sort();
  if (teamIds.length === 0) return;
  const turns = await tx.query<{ teamId: string; employeeId: string | null }>(sql`
    insert into ticket_turn as turn (team_id)
    select unnest(${teamIds}::uuid[])
    on conflict (team_id) do update set employee_id = turn.employee_id
    returning turn.team_id as "teamId", turn.employee_id as "employeeId"`);
  const lastOf = new Map(turns.map(({ teamId, employeeId }) => [teamId, employeeId]));
  const today = localDate(tx.now.getTime(), timeZone);
  const membersOf = new Map(
    teamIds.map((teamId) => [teamId, membersToday(organisation, teamId, tx.now, today)]),
  );
  const open = assignment === 'LOAD' ? await openTickets(tx, [...membersOf.values()].flat()) : null;
  const given = teamIds.flatMap((teamId) => [
    ...giveOut(
      (byTeam.get(teamId) ?? []).map(({ id }) => id),
      membersOf.get(teamId) ?? [],
      open ? { assignment: 'LOAD', open } : { assignment: 'ROUND_ROBIN', last: lastOf.get(teamId) ?? null },
    ),
  ]);
  await writeGiven(tx, new Map(given), waiting, assignment);
}

/**
 * Takes open tickets from handlers who can have them no longer, back to their queues, which give them out anew where
 * ticket.assignment says so; clocks name the new handler (PRM-06). Answers with who has each now; a constant number of statements.
 */
export async function giveUpTickets(
  tx: Command,
  handlerIds: readonly string[],
  directory: Directory,
): Promise<{ readonly id: string; readonly fromId: string; readonly toId: string | null }[]> {
  if (handlerIds.length === 0) return [];
  // Locked before their obligations are written, in one order, like every command does.
  const tickets = await tx.query<{ id: string; status: TicketStatus; fromId: string }>(sql`
    select t.id, t.status, t.assignee_id as "fromId" from ticket t
    where t.assignee_id = any(${[...handlerIds]}::uuid[]) and t.status not in ('CLOSED', 'CANCELLED')
    order by t.id
    for update`);
  const ids = tickets.map(({ id }) => id);
  if (ids.length === 0) return [];
  await tx.query(sql`
    update ticket t set assignee_id = null, updated_at = ${tx.now}::timestamptz, version = t.version + 1
    where t.id = any(${ids}::uuid[])
    returning 1 as written`);
  await writeHistory(
    tx,
    tickets.map(({ id, status, fromId }) => ({
      ticketId: id,
      status,
      action: 'HAND_OVER',
      note: null,
      actorId: null,
      changes: { assigneeId: [fromId, null] },
    })),
  );
  await giveOutTickets(tx, ids, directory);
  await syncClocks(tx, ids, directory.timeZone);
  const now = await tx.query<{ id: string; toId: string | null }>(sql`
    select t.id, t.assignee_id as "toId" from ticket t where t.id = any(${ids}::uuid[])`);
  const toOf = new Map(now.map(({ id, toId }) => [id, toId]));
  return tickets.map(({ id, fromId }) => ({ id, fromId, toId: toOf.get(id) ?? null }));
}

/** Members of the team who are employed today and hold one of the roles that handle its tickets now. */
function membersToday(
  { employees, teams }: Organisation,
  teamId: string,
  now: Date,
  today: string,
): string[] {
  const team = teams.get(teamId);
  const roles = team ? handlersOf(team.type) : [];
  return [...employees.values()]
    .filter(
      (employee) =>
        employee.teamId === teamId &&
        viewerOf(employee, now, today)?.roles.some((role) => roles.includes(role)) === true,
    )
    .map(({ id }) => id);
}

/** How many tickets in work each person has, by index ticket(assignee_id, status). */
async function openTickets(tx: Command, employeeIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await tx.query<{ employeeId: string; count: number }>(sql`
    select t.assignee_id as "employeeId", count(*)::int as count from ticket t
    where t.assignee_id = any(${[...employeeIds]}::uuid[]) and ${IN_QUEUE}
    group by t.assignee_id`);
  return new Map(rows.map(({ employeeId, count }) => [employeeId, count]));
}

async function writeGiven(
  tx: Command,
  given: ReadonlyMap<string, string>,
  waiting: readonly { readonly id: string; readonly teamId: string; readonly status: TicketStatus }[],
  assignment: string,
): Promise<void> {
  if (given.size === 0) return;
  const rows = waiting.flatMap(({ id, teamId, status }) => {
    const assigneeId = given.get(id);
    return assigneeId === undefined ? [] : [{ id, teamId, status, assigneeId }];
  });
  await tx.query(sql`
    update ticket t set assignee_id = g."assigneeId", updated_at = ${tx.now}::timestamptz, version = t.version + 1
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as g(id uuid, "assigneeId" uuid)
    where t.id = g.id
    returning 1 as written`);
  // The last of each team in the order of giving is whose turn it was; load counts for itself.
  const turns = new Map(rows.map(({ teamId, assigneeId }) => [teamId, assigneeId]));
  await tx.query(sql`
    update ticket_turn turn set employee_id = g.employee_id
    from jsonb_to_recordset(${JSON.stringify(
      [...turns].map(([team_id, employee_id]) => ({ team_id, employee_id })),
    )}::jsonb) as g(team_id uuid, employee_id uuid)
    where turn.team_id = g.team_id
    returning 1 as written`);
  await writeHistory(
    tx,
    rows.map(({ id, status, assigneeId }) => ({
      ticketId: id,
      status,
      action: 'GIVE_OUT',
      note: assignment,
      actorId: null,
      changes: { assigneeId: [null, assigneeId] },
    })),
  );
}

interface SetChange {
  readonly ticketId: string;
  readonly status: TicketStatus;
  readonly action: string;
  readonly note: string | null;
  readonly actorId: string | null;
  /** Name to [before, after]. */
  readonly changes: Readonly<Record<string, readonly [unknown, unknown]>>;
}

/** History and audit of changes that were written for many tickets at once. */
async function writeHistory(tx: Command, changes: readonly SetChange[]): Promise<void> {
  await tx.prisma.ticketHistory.createMany({
    data: changes.map(({ ticketId, status, action, note, actorId, changes: facts }) => ({
      id: newId(),
      ticketId,
      at: tx.now,
      actorId,
      action,
      from: status,
      to: status,
      note,
      changes: JSON.parse(JSON.stringify(facts)) as Prisma.InputJsonValue,
    })),
  });
  tx.audit(
    ...changes.map(({ ticketId, action, changes: facts }) => ({
      action: `ticket.${action}`,
      subjectType: 'Ticket',
      subjectId: ticketId,
      before: Object.fromEntries(Object.entries(facts).map(([name, [before]]) => [name, before])),
      after: Object.fromEntries(Object.entries(facts).map(([name, [, after]]) => [name, after])),
    })),
  );
}

interface AccountTicket extends RoutedTicket {
  readonly id: string;
  readonly status: TicketStatus;
  readonly severity: TicketSeverity;
  readonly priority: TicketPriority;
  readonly teamId: string | null;
  readonly assigneeId: string | null;
  readonly routingRule: RoutingRule | null;
  readonly routingChoice: TeamChoice | null;
  readonly formerAccountId: string | null;
  readonly priorityLane: boolean | null;
  /** False for imported history, whose clock was never started and whose priority is the source's. */
  readonly clocked: boolean;
}

/**
 * Lets the open tickets of customers follow a change of their key account: one that begins or ends moves them to the
 * queue of the rule that now holds (KEY-29), its lane changes their place in it (KEY-11), and their limits are those of
 * the new state (KEY-26, TIC-36). The number of statements does not depend on the number of tickets.
 */
export async function followKeyAccounts(
  tx: Command,
  customerIds: readonly string[],
  directory: Directory,
): Promise<void> {
  // Locked before their obligations are written, in one order, like every command does.
  const tickets = await tx.query<AccountTicket>(sql`
    select t.id, t.status, t.severity, t.priority, t.team_id as "teamId", t.assignee_id as "assigneeId",
           t.routing_rule as "routingRule", t.routing_choice as "routingChoice", t.area_id as "areaId",
           t.arises_during_sale as "arisesDuringSale", t.opened_by_id as "openedById",
           t.key_account_id as "formerAccountId", k.id as "keyAccountId", k.priority_lane as "priorityLane",
           k.specialist_id as "specialistId", c.owner_id as "ownerId", c.business_line as "businessLine",
           exists (select 1 from ticket_sla_term s where s.ticket_id = t.id and s.cycle = t.cycle) as clocked
    from ticket t
    join customer c on c.id = t.customer_id
    left join key_account k on k.customer_id = c.id and k.ended_at is null
    where t.customer_id = any(${[...customerIds]}::uuid[]) and t.status not in ('CLOSED', 'CANCELLED')
    order by t.id
    for update of t`);
  const moves = tickets.flatMap((ticket) => moveOf(ticket, directory.organisation, tx.now) ?? []);
  await writeMoves(tx, moves);
  const moved = moves.filter(({ after }) => 'teamId' in after).map(({ ticket }) => ticket.id);
  await giveOutTickets(tx, moved, directory);
  await syncClocks(tx, moved, directory.timeZone);
  const clocked = tickets.filter((ticket) => ticket.clocked).map(({ id }) => id);
  await renewTerms(tx, clocked, directory.timeZone);
}

type Move = {
  readonly ticket: AccountTicket;
  readonly after: Readonly<Record<string, unknown>>;
};

/** What a change of the key account makes of a ticket; null where it changes nothing. */
function moveOf(ticket: AccountTicket, organisation: Organisation, now: Date): Move | null {
  const priority = ticket.clocked
    ? priorityOf(ticket.severity, ticket.priorityLane ?? false)
    : ticket.priority;
  const after: Record<string, unknown> = priority === ticket.priority ? {} : { priority };
  if (ticket.keyAccountId !== ticket.formerAccountId) after.keyAccountId = ticket.keyAccountId;
  if ((ticket.keyAccountId === null) !== (ticket.formerAccountId === null)) {
    const route = routeColumns(routeOf(ticket, organisation), now);
    Object.assign(after, route, { assigneeId: handlerIn(route.teamId, ticket.assigneeId, organisation) });
  }
  return Object.keys(after).length === 0 ? null : { ticket, after };
}

async function writeMoves(tx: Command, moves: readonly Move[]): Promise<void> {
  if (moves.length === 0) return;
  const rows = moves.map(({ ticket, after }) => ({
    id: ticket.id,
    priority: ticket.priority,
    keyAccountId: ticket.keyAccountId,
    assigneeId: ticket.assigneeId,
    routed: 'teamId' in after,
    ...after,
  }));
  await tx.query(sql`
    update ticket t set
      priority = m.priority, key_account_id = m."keyAccountId", assignee_id = m."assigneeId",
      team_id = case when m.routed then m."teamId" else t.team_id end,
      routing_rule = case when m.routed then m."routingRule" else t.routing_rule end,
      routing_choice = case when m.routed then m."routingChoice" else t.routing_choice end,
      routing_note = case when m.routed then null else t.routing_note end,
      routed_at = case when m.routed then m."routedAt" else t.routed_at end,
      updated_at = ${tx.now}::timestamptz, version = t.version + 1
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as m(
      id uuid, priority "TicketPriority", "keyAccountId" uuid, "assigneeId" uuid, routed boolean, "teamId" uuid,
      "routingRule" "RoutingRule", "routingChoice" "TeamChoice", "routedAt" timestamptz)
    where t.id = m.id
    returning 1 as written`);
  await writeHistory(
    tx,
    moves.map(({ ticket, after }) => ({
      ticketId: ticket.id,
      status: ticket.status,
      action: 'teamId' in after ? 'ROUTE' : 'PRIORITISE',
      note: null,
      actorId: tx.actorId,
      changes: Object.fromEntries(
        Object.entries(after).map(([name, value]) => [
          name,
          [(name === 'keyAccountId' ? ticket.formerAccountId : factOf(ticket, name)) ?? null, value],
        ]),
      ),
    })),
  );
}

function factOf(ticket: object, name: string): unknown {
  return (ticket as Readonly<Record<string, unknown>>)[name];
}

export interface TicketSetSalePhaseInput extends OnTicket {
  readonly arisesDuringSale: boolean;
  readonly reason: string;
}

/**
 * Says that a ticket arose in the selling process, or that it did not: sales coordinates the former (TIC-28). Where that
 * changes the rule that the ticket falls under, it goes to the other queue; a handler of another team gives it up.
 */
export async function ticketSetSalePhase(
  tx: Command,
  viewer: Viewer,
  input: TicketSetSalePhaseInput,
  directory: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  requireOpen(ticket, 'SET_SALE_PHASE');
  requireReason('reason', input.reason);
  const { arisesDuringSale } = input;
  if (ticket.arisesDuringSale === arisesDuringSale)
    throw invalid('arisesDuringSale', text('another value than the present one', '与当前值不同'));
  const isKeyAccount = ticket.keyAccountId !== null;
  const [before, after] = [
    routingRule({ ...ticket, isKeyAccount }),
    routingRule({ isKeyAccount, arisesDuringSale }),
  ];
  const [facts] = await tx.query<Pick<RoutedTicket, 'businessLine' | 'openedById'>>(sql`
    select c.business_line as "businessLine", t.opened_by_id as "openedById"
    from ticket t left join customer c on c.id = t.customer_id
    where t.id = ${ticket.id}::uuid`);
  const route = routeColumns(
    routeOf(
      {
        ...ticket,
        arisesDuringSale,
        businessLine: facts?.businessLine ?? null,
        openedById: facts?.openedById ?? null,
      },
      directory.organisation,
    ),
    tx.now,
  );
  await changeTicket(tx, ticket, {
    action: 'SET_SALE_PHASE',
    note: input.reason,
    data: {
      arisesDuringSale,
      ...(before === after
        ? {}
        : {
            ...route,
            assigneeId: handlerIn(route.teamId, ticket.assigneeId, directory.organisation),
          }),
    },
  });
  if (before !== after) await giveOutTickets(tx, [ticket.id], directory);
  await syncClocks(tx, [ticket.id], directory.timeZone);
  return { ticketId: ticket.id };
}

export interface TicketTransferInput extends OnTicket {
  readonly teamId: string;
  readonly assigneeId?: string | null;
  readonly reason: string;
}

/**
 * Hands a ticket to another team, to one of its members or to its queue. Tickets of key accounts stay with teams for
 * them (KEY-29), those of the sale with sales (TIC-28): they move when those facts change.
 */
export async function ticketTransfer(
  tx: Command,
  viewer: Viewer,
  input: TicketTransferInput,
  directory: Directory,
): Promise<{ ticketId: string }> {
  const { organisation } = directory;
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  requireOpen(ticket, 'TRANSFER');
  requireReason('reason', input.reason);
  const rule = routingRule({ ...ticket, isKeyAccount: ticket.keyAccountId !== null });
  const kinds = transferableTo(rule);
  const team = organisation.teams.get(input.teamId);
  if (!team || team.id === ticket.teamId || !kinds.includes(team.type)) {
    throw invalid(
      'teamId',
      text(
        `another team of type ${kinds.join(', ')}${rule === 'SERVICE' ? '' : `, as the ticket falls under ${rule} (CFL-14)`}`,
        `其他 ${kinds.join('、')} 类型的团队${rule === 'SERVICE' ? '' : `，该工单适用 ${rule}（CFL-14）`}`,
      ),
    );
  }
  const assignee = input.assigneeId ? handlerOf(tx, input.assigneeId, directory) : null;
  if (assignee && assignee.teamId !== team.id)
    throw invalid('assigneeId', text('a member of that team', '该团队成员'));
  await changeTicket(tx, ticket, {
    action: 'TRANSFER',
    note: input.reason,
    data: {
      teamId: team.id,
      routingRule: 'TRANSFER',
      routingChoice: null,
      routingNote: input.reason,
      routedAt: tx.now,
      assigneeId: assignee?.id ?? handlerIn(team.id, ticket.assigneeId, organisation),
    },
  });
  await giveOutTickets(tx, [ticket.id], directory);
  await syncClocks(tx, [ticket.id], directory.timeZone);
  return { ticketId: ticket.id };
}

export interface TicketReleaseInput extends OnTicket {
  readonly reason: string;
}

/** Gives a ticket back to its team's queue, where it waits for another handler. */
export async function ticketRelease(
  tx: Command,
  viewer: Viewer,
  input: TicketReleaseInput,
  { timeZone }: Directory,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  requireOpen(ticket, 'RELEASE');
  if (ticket.assigneeId === null) throw new IllegalTransition('UNASSIGNED', 'RELEASE', ['TAKE', 'ASSIGN']);
  requireReason('reason', input.reason);
  await changeTicket(tx, ticket, { action: 'RELEASE', note: input.reason, data: { assigneeId: null } });
  await syncClocks(tx, [ticket.id], timeZone);
  return { ticketId: ticket.id };
}

export interface TicketTakeInput {
  readonly teamId?: string | null;
}

/**
 * Takes the next ticket of a team's queue that nobody handles and that the viewer may work on; null when there is none.
 * Two who take at once get different tickets: one that another transaction holds is passed over.
 */
export async function ticketTake(
  tx: Command,
  viewer: Viewer,
  input: TicketTakeInput,
  { organisation, timeZone }: Directory,
): Promise<{ ticketId: string | null }> {
  if (!can(viewer, 'ticket', 'write')) throw new Forbidden(rolesWith('ticket', 'write'));
  const teamId = input.teamId ?? viewer.teamId;
  if (teamId === null || !organisation.teams.has(teamId))
    throw invalid(
      'teamId',
      text('a team of the company; your own without it', '本公司团队；缺省为您所在团队'),
    );
  const sees = constantViewer(viewer, tx.now);
  const t = sql`t`;
  const [next] = await tx.query<{ id: string }>(sql`
    select t.id from ticket t
    where t.team_id = ${teamId}::uuid and t.assignee_id is null and ${IN_QUEUE}
      and ${ticketReadable(sees, t)} and ${ticketWritable(sees, t)}
    order by ${join(QUEUE_ORDER.map(({ expression }) => expression))}, t.id
    limit 1
    for update of t skip locked`);
  if (!next) return { ticketId: null };
  const ticket = await lockTicket(tx, viewer, next.id);
  const data = { assigneeId: viewer.employeeId };
  const begins =
    beginsWhenTaken(ticket.category, ticket.status) || (ticket.status === 'ACKNOWLEDGED' && hasPhone(ticket));
  await changeTicket(tx, ticket, { action: 'TAKE', data });
  if (begins) await moveTicket(tx, ticket, 'INVESTIGATE');
  await syncClocks(tx, [ticket.id], timeZone);
  return { ticketId: ticket.id };
}

/** A person whose roles let them handle tickets today; InvalidInput for anybody else. */
export function handlerOf(tx: Command, employeeId: string, { organisation, timeZone }: Directory): Employee {
  const employee = organisation.employees.get(employeeId);
  const rights = employee && viewerOf(employee, tx.now, localDate(tx.now.getTime(), timeZone))?.rights;
  if (!employee || !rights || !(rights.has('ticket:write:HANDLER') || rights.has('ticket:write:ALL'))) {
    throw invalid(
      'assigneeId',
      text('an employee whose role lets them handle tickets', '其角色可处理工单的在职员工'),
    );
  }
  return employee;
}

function requireReason(path: string, reason: string): void {
  if (!reason.trim() || reason.length > 4_000)
    throw invalid(path, text('why, at most 4,000 characters', '原因，最多 4000 字'));
}
