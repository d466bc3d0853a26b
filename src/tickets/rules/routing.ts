import type {
  BusinessLine,
  Role,
  RoutingRule,
  TeamChoice,
  TeamType,
  TicketCategory,
  TicketStatus,
} from '../../generated/prisma/enums.ts';
import { type Text, text } from '../../lib/text.ts';

/** The rules that route by the facts of a ticket; a transfer is decided by a person. */
type FactRule = Exclude<RoutingRule, 'TRANSFER'>;

/** The rule that a ticket falls under: key accounts first, then the sale phase, then customer service (CFL-14, KEY-29, TIC-28). */
export function routingRule(ticket: {
  readonly isKeyAccount: boolean;
  readonly arisesDuringSale: boolean;
}): FactRule {
  return ticket.isKeyAccount ? 'KEY_ACCOUNT' : ticket.arisesDuringSale ? 'SALE' : 'SERVICE';
}

/** The kind of team that each rule asks for. */
export const TEAM_OF_RULE: Readonly<Record<FactRule, TeamType>> = {
  KEY_ACCOUNT: 'KEY_ACCOUNT',
  SALE: 'SALES',
  SERVICE: 'CUSTOMER_SERVICE',
};

/** The teams that have a queue of tickets at all (CFL-14). */
export const QUEUE_TEAMS: readonly TeamType[] = Object.values(TEAM_OF_RULE);

/** Who coordinates the tickets of a kind of team (KEY-29, TIC-28, CFL-14). */
export function coordinatorOf(team: TeamType): Role | null {
  switch (team) {
    case 'KEY_ACCOUNT':
      return 'KA_SUPERVISOR';
    case 'SALES':
      return 'SALES_SUPERVISOR';
    case 'CUSTOMER_SERVICE':
      return 'CS_SUPERVISOR';
    default:
      return null;
  }
}

/** What decides between teams of one kind. */
export interface RoutingFacts {
  readonly isKeyAccount: boolean;
  readonly arisesDuringSale: boolean;
  readonly areaId: string | null;
  readonly businessLine: BusinessLine | null;
  /** Team of the key account's specialist; for other customers that of the account manager. */
  readonly teamInCharge: string | null;
  /** Department of the customer's account manager. */
  readonly departmentInCharge: string | null;
  /** Team of whoever entered the ticket. */
  readonly openerTeam: string | null;
}

export interface RoutableTeam {
  readonly id: string;
  readonly type: TeamType;
  readonly departmentId: string;
  /** None: it serves every area. */
  readonly areaIds: readonly string[];
  /** Null: it serves every line. */
  readonly businessLine: BusinessLine | null;
}

export interface Route {
  readonly rule: FactRule;
  /** Null where there is no team of the kind. */
  readonly teamId: string | null;
  readonly choice: TeamChoice | null;
}

/**
 * The queue that a ticket comes to. Of several teams of the kind the one of the person in charge takes it; else one that
 * serves the area (a team without areas serves all of them, and comes after one that names it), the business line, the
 * department in charge; else that of whoever entered it; else the oldest. A step that no team passes decides nothing, so
 * that a ticket always finds a team where there is one.
 */
export function routeTicket(facts: RoutingFacts, teams: Iterable<RoutableTeam>): Route {
  const rule = routingRule(facts);
  let left = [...teams].filter(({ type }) => type === TEAM_OF_RULE[rule]).sort(byId);
  const [only] = left;
  if (!only) return { rule, teamId: null, choice: null };
  if (left.length === 1) return { rule, teamId: only.id, choice: 'ONLY_TEAM' };
  let choice: TeamChoice = 'OLDEST_TEAM';
  for (const [step, passes] of steps(facts)) {
    const passing = left.filter(passes);
    if (passing.length === 0 || passing.length === left.length) continue;
    left = passing;
    choice = step;
    if (left.length === 1) break;
  }
  const [chosen = only] = left;
  return { rule, teamId: chosen.id, choice: left.length === 1 ? choice : 'OLDEST_TEAM' };
}

function steps(facts: RoutingFacts): readonly (readonly [TeamChoice, (team: RoutableTeam) => boolean])[] {
  const { areaId, businessLine } = facts;
  return [
    ['PERSON_IN_CHARGE', (team) => team.id === facts.teamInCharge],
    ['AREA', (team) => areaId !== null && team.areaIds.includes(areaId)],
    ['AREA', (team) => team.areaIds.length === 0 || (areaId !== null && team.areaIds.includes(areaId))],
    ['BUSINESS_LINE', (team) => businessLine !== null && team.businessLine === businessLine],
    ['BUSINESS_LINE', (team) => team.businessLine === null || team.businessLine === businessLine],
    ['DEPARTMENT', (team) => team.departmentId === facts.departmentInCharge],
    ['OPENER', (team) => team.id === facts.openerTeam],
  ];
}

/** Ids rise with time. */
function byId(a: RoutableTeam, b: RoutableTeam): number {
  return a.id < b.id ? -1 : 1;
}

const RULE_TEXTS: Readonly<Record<FactRule, Text>> = {
  KEY_ACCOUNT: text('A ticket of a key account (KEY-29)', '大客户工单（KEY-29）'),
  SALE: text('It arose during the sale (TIC-28)', '销售过程中产生（TIC-28）'),
  SERVICE: text('Customer service takes every other ticket (CFL-14)', '其他工单由客户服务处理（CFL-14）'),
};

const CHOICE_TEXTS: Readonly<Record<TeamChoice, Text>> = {
  ONLY_TEAM: text('the only team of its kind', '同类团队仅此一个'),
  PERSON_IN_CHARGE: text('the team of the person in charge of the customer', '客户负责人所在团队'),
  AREA: text('the team that serves the area', '服务该区域的团队'),
  BUSINESS_LINE: text('the team that serves the business line', '服务该业务线的团队'),
  DEPARTMENT: text("the team of the account manager's department", '客户经理所在部门的团队'),
  OPENER: text('the team in which it was entered', '登记人所在团队'),
  OLDEST_TEAM: text('the oldest of several teams', '多个团队中最早成立者'),
};

/** Why a ticket stands in its queue, in words. */
export function routingReason(routing: {
  readonly rule: RoutingRule;
  readonly choice: TeamChoice | null;
  readonly note: string | null;
}): Text {
  if (routing.rule === 'TRANSFER') {
    const note = routing.note ?? '';
    return text(`Transferred: ${note}`, `转交：${note}`);
  }
  const rule = RULE_TEXTS[routing.rule];
  const choice = routing.choice && CHOICE_TEXTS[routing.choice];
  return choice
    ? text(`${rule.en}: ${choice.en}.`, `${rule.zh}：${choice.zh}。`)
    : text(`${rule.en}.`, `${rule.zh}。`);
}

/** Who may be given tickets of a team's queue of the system's own accord. */
const HANDLERS: Partial<Record<TeamType, readonly Role[]>> = {
  KEY_ACCOUNT: ['KA_SUPERVISOR'],
  SALES: ['SALES_REP', 'ACCOUNT_MANAGER_LOGISTICS', 'ACCOUNT_MANAGER_LEASING'],
  CUSTOMER_SERVICE: ['CS_AGENT'],
};

/** The roles among which tickets are given out by turns or load: KEY-29 names KA_SUPERVISOR for key accounts. */
export function handlersOf(team: TeamType): readonly Role[] {
  return HANDLERS[team] ?? [];
}

/**
 * Gives tickets to members, in the order of both: by turns after whoever had the last one, or each to whoever has the
 * fewest open tickets (of several the first). The same facts always give the same answer.
 */
export function giveOut(
  ticketIds: readonly string[],
  memberIds: readonly string[],
  by:
    | { readonly assignment: 'ROUND_ROBIN'; readonly last: string | null }
    | { readonly assignment: 'LOAD'; readonly open: ReadonlyMap<string, number> },
): Map<string, string> {
  const given = new Map<string, string>();
  const members = [...memberIds].sort();
  if (members.length === 0) return given;
  if (by.assignment === 'ROUND_ROBIN') {
    const { last } = by;
    // Whoever had the last turn may be away today: the next one is the next in order all the same.
    const after = last === null ? -1 : members.findIndex((id) => id > last);
    const start = after < 0 ? 0 : after;
    ticketIds.forEach((ticketId, index) => {
      given.set(ticketId, members[(start + index) % members.length] as string);
    });
    return given;
  }
  const load = new Map(members.map((id) => [id, by.open.get(id) ?? 0]));
  for (const ticketId of ticketIds) {
    const [least] = [...load].reduce((best, one) => (one[1] < best[1] ? one : best));
    given.set(ticketId, least);
    load.set(least, (load.get(least) ?? 0) + 1);
  }
  return given;
}

/** The kinds of team to which a ticket can be transferred: what the facts demand stays with its kind (KEY-29, TIC-28). */
export function transferableTo(rule: FactRule): readonly TeamType[] {
  return rule === 'SERVICE' ? QUEUE_TEAMS : [TEAM_OF_RULE[rule]];
}

/** True while taking a ticket up begins its work by itself: a question is in progress, a complaint is acknowledged first (TIC-09). */
export function beginsWhenTaken(category: TicketCategory, status: TicketStatus): boolean {
  return category !== 'COMPLAINT' && status === 'RECEIVED';
}
