import type { TeamType } from '../../generated/prisma/enums.ts';
import { invalid } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { can } from '../../organisation/rules/viewer.ts';
import type { ListSource } from '../../platform/list.ts';
import { type Sql, sql } from '../../platform/sql.ts';
import { QUEUE_TEAMS } from '../rules/routing.ts';
import { ticketList } from './tickets.ts';
import { ticketReadable } from './visibility.ts';

const t = sql`t`;

/** Tickets on which work is left before the customer has an answer; written as the partial indexes of queues say it. */
export const IN_QUEUE = sql`t.status not in ('RESOLVED', 'FOLLOW_UP', 'ANSWERED', 'CLOSED', 'CANCELLED')`;

/**
 * The order of a queue: serious complaints (TIC-20), the lane of key accounts (KEY-11), the nearest deadline, age; the
 * id breaks ties. Index ticket_queue_idx, and ticket_waiting_idx for those without a handler.
 */
export const QUEUE_ORDER = [
  { expression: sql`(case t.priority when 'URGENT' then 0 when 'HIGH' then 1 else 2 end)`, type: 'int' },
  { expression: sql`(coalesce(t.next_due_at, 'infinity'::timestamptz))`, type: 'timestamptz' },
  { expression: sql`t.opened_at`, type: 'timestamptz' },
] as const satisfies ListSource['order'];

export interface QueueArguments {
  readonly teamId?: string | null;
  readonly teamType?: TeamType | null;
}

/**
 * The tickets of one team's queue, of all teams of a kind, or of the viewer's own team; of all queues for a viewer
 * without a team. Whatever is asked for, only tickets that the viewer may read are in it.
 */
export function ticketQueue(
  reader: Reader,
  { teamId, teamType }: QueueArguments,
  asked: ReadonlySet<string>,
): ListSource {
  const list = ticketList(reader, asked);
  const visible = sql`(${ofTeams(reader, teamId, teamType)} and ${IN_QUEUE} and ${list.visible})`;
  return { ...list, visible, full: visible, order: QUEUE_ORDER, pageFirst: false };
}

function ofTeams(reader: Reader, teamId: string | null | undefined, type: TeamType | null | undefined): Sql {
  const { teams } = reader.organisation;
  if (teamId != null && !teams.has(teamId))
    throw invalid('teamId', text('a team of the company', '本公司团队'));
  if (type != null) {
    const ids = [...teams.values()].filter((team) => team.type === type).map(({ id }) => id);
    return ofTeam(teamId == null ? ids : ids.filter((id) => id === teamId));
  }
  const only = teamId ?? reader.viewer.teamId;
  return only === null ? sql`true` : ofTeam([only]);
}

/** One team is compared by `=`, so that its part of the index comes in order. */
function ofTeam(ids: readonly string[]): Sql {
  return ids.length === 1 ? sql`t.team_id = ${ids[0]}::uuid` : sql`t.team_id = any(${ids}::uuid[])`;
}

/** How a queue stands, as far as the viewer may read its tickets. */
export interface QueueOverview {
  /** Null for tickets that came when there was no team of the kind that they need. */
  readonly teamId: string | null;
  readonly waiting: number;
  readonly inWork: number;
  readonly atRisk: number;
  readonly overdue: number;
  readonly settled: number;
  readonly oldestOpenedAt: Date | null;
}

/**
 * The queues with tickets that the viewer may read; the own team's, and for who reads all tickets every team's, though it
 * is empty. One statement, whose open tickets are found by the indexes on team and state.
 */
export async function ticketQueues(
  reader: Reader,
  { teamType }: Pick<QueueArguments, 'teamType'>,
): Promise<QueueOverview[]> {
  const rows = await reader.query<QueueOverview>(sql`
    select t.team_id as "teamId",
           (count(*) filter (where ${IN_QUEUE} and t.assignee_id is null))::int as waiting,
           (count(*) filter (where ${IN_QUEUE} and t.assignee_id is not null))::int as "inWork",
           (count(*) filter (where ${IN_QUEUE} and t.next_warn_at <= ${reader.now}::timestamptz
             and (t.next_due_at is null or t.next_due_at > ${reader.now}::timestamptz)))::int as "atRisk",
           (count(*) filter (where ${IN_QUEUE} and t.next_due_at <= ${reader.now}::timestamptz))::int as overdue,
           (count(*) filter (where not (${IN_QUEUE})))::int as settled,
           min(t.opened_at) filter (where ${IN_QUEUE}) as "oldestOpenedAt"
    from ticket t
    where t.status not in ('CLOSED', 'CANCELLED') and ${ticketReadable(reader.sees, t)}
    group by t.team_id`);
  const { teams } = reader.organisation;
  const { viewer } = reader;
  const known = new Set(rows.map(({ teamId }) => teamId));
  const empty = [...teams.values()].filter(
    ({ id, type }) =>
      !known.has(id) &&
      QUEUE_TEAMS.includes(type) &&
      (viewer.rights.has('ticket:read:ALL') || (id === viewer.teamId && can(viewer, 'ticket', 'read'))),
  );
  return [...rows, ...empty.map(({ id }) => emptyQueue(id))]
    .filter(({ teamId }) => teamType == null || teams.get(teamId ?? '')?.type === teamType)
    .sort((a, b) => place(a).localeCompare(place(b)));

  /** By kind in the order of routing, then by age of the team; what has no team comes last. */
  function place({ teamId }: QueueOverview): string {
    const type = teams.get(teamId ?? '')?.type;
    const kind = type === undefined ? -1 : QUEUE_TEAMS.indexOf(type);
    return `${teamId === null ? 9 : kind < 0 ? 8 : kind} ${teamId}`;
  }
}

function emptyQueue(teamId: string): QueueOverview {
  return { teamId, waiting: 0, inWork: 0, atRisk: 0, overdue: 0, settled: 0, oldestOpenedAt: null };
}
