import type {
  EscalationLevel,
  EscalationReason,
  Role,
  TicketCategory,
} from '../../generated/prisma/enums.ts';
import type { EventKind, Severity } from '../../events.ts';
import type { LimitKind } from './sla-clock.ts';

/** A step of a limit's clock: at 80 %, at 100 %, and for a complaint's final limit the rungs above. */
export interface LimitStep {
  /** 1 for the first. */
  readonly step: number;
  readonly at: number;
  readonly level: EscalationLevel;
  readonly reason: EscalationReason;
}

const HOUR = 3_600_000;

/** The escalation ladder of one limit (TIC-34). `escalationHours` are those of L2, L3 and L4 after the due instant. */
export function limitSteps(
  limit: { readonly kind: LimitKind; readonly warnAt: number | null; readonly dueAt: number | null },
  category: TicketCategory,
  escalationHours: readonly number[],
): LimitStep[] {
  if (limit.dueAt === null || limit.warnAt === null) return [];
  const [overdue = 0, third = 24, fourth = 48] = escalationHours;
  const steps: LimitStep[] = [
    { step: 1, at: limit.warnAt, level: 'L1', reason: 'LIMIT_AT_RISK' },
    { step: 2, at: limit.dueAt + overdue * HOUR, level: 'L2', reason: 'LIMIT_OVERDUE' },
  ];
  if (category === 'COMPLAINT' && limit.kind === 'RESOLUTION') {
    steps.push(
      { step: 3, at: limit.dueAt + third * HOUR, level: 'L3', reason: 'RESOLUTION_OVERDUE_24H' },
      { step: 4, at: limit.dueAt + fourth * HOUR, level: 'L4', reason: 'RESOLUTION_OVERDUE_48H' },
    );
  }
  return steps;
}

const RUNGS: readonly EscalationLevel[] = ['L1', 'L2', 'L3', 'L4'];

/** The rung above; null on the highest. */
export function levelAbove(level: EscalationLevel): EscalationLevel | null {
  return RUNGS[RUNGS.indexOf(level) + 1] ?? null;
}

/** Hours in which a level is taken note of, of the setting's list for L1 to L4. */
export function acknowledgeHours(level: EscalationLevel, hours: readonly number[]): number {
  return hours[RUNGS.indexOf(level)] ?? 24;
}

/** Escalation never lowers itself (TIC-34): true when `level` is above what was reached. */
export function isHigher(level: EscalationLevel, reached: EscalationLevel | null): boolean {
  return reached === null || RUNGS.indexOf(level) > RUNGS.indexOf(reached);
}

/** Who answers for teams, roles and persons at an instant. */
export interface StandIns {
  /** The persons on duty at a team's desk (DUT-03). */
  onDuty(teamId: string | null): readonly string[];
  members(teamId: string | null): readonly string[];
  holders(role: Role): readonly string[];
  /** Those to whom a person has lent the power to decide. */
  delegates(employeeId: string): readonly string[];
}

/** Who a ticket's events can address. */
export interface TicketPeople {
  readonly assigneeId: string | null;
  readonly teamId: string | null;
  readonly ownerId: string | null;
  readonly isKeyAccount: boolean;
  readonly arisesDuringSale: boolean;
  readonly specialistId: string | null;
  readonly areaDeputies: readonly string[];
  readonly departmentManagerId: string | null;
  readonly standIns: StandIns;
}

/** A person whom a level names, and by what. */
export interface NamedPerson {
  readonly employeeId: string;
  readonly by:
    | 'HANDLER'
    | 'ON_DUTY'
    | 'TEAM'
    | 'KEY_ACCOUNT'
    | 'AREA_DEPUTY'
    | 'DEPARTMENT_MANAGER'
    | 'ROLE'
    | 'DELEGATION';
  /** Of ROLE. */
  readonly role?: Role;
  /** Of DELEGATION: whose power was lent. */
  readonly onBehalfOfId?: string;
}

export interface PeopleAddressed {
  readonly roles: Role[];
  readonly employees: string[];
  /** All of them by person, each once: by what names them first. */
  readonly named: NamedPerson[];
}

/**
 * Whom a level names: L1 handler and CS_SUPERVISOR, L2 + HEAD, L3 + DEPUTY and the responsible department's manager,
 * L4 + COMPANY_LEADER (TIC-34); who is on duty at the team's desk (DUT-03), the whole team where nobody handles it and
 * nobody is on duty, and whoever decides for one of them meanwhile.
 */
export function addressedBy(level: EscalationLevel, people: TicketPeople): PeopleAddressed {
  const rung = RUNGS.indexOf(level);
  const { standIns } = people;
  const roles: Role[] = ['CS_SUPERVISOR'];
  const persons: NamedPerson[] = [];
  const name = (by: NamedPerson['by'], ...ids: readonly (string | null)[]) =>
    void persons.push(...ids.flatMap((employeeId) => (employeeId === null ? [] : [{ employeeId, by }])));

  name('HANDLER', people.assigneeId);
  const onDuty = standIns.onDuty(people.teamId);
  name('ON_DUTY', ...onDuty);
  if (people.assigneeId === null && onDuty.length === 0) name('TEAM', ...standIns.members(people.teamId));
  // KEY-29: key account complaints are handled by the key account side, CS_SUPERVISOR gets a copy.
  if (people.isKeyAccount) {
    roles.push('KA_SUPERVISOR');
    name('KEY_ACCOUNT', people.specialistId);
  } else if (people.arisesDuringSale) {
    // TIC-28: what arises during the sale is coordinated by sales.
    roles.push('SALES_SUPERVISOR');
  }
  if (rung >= 1) roles.push('HEAD');
  if (rung >= 2) {
    name('AREA_DEPUTY', ...people.areaDeputies);
    name('DEPARTMENT_MANAGER', people.departmentManagerId);
  }
  if (rung >= 3) roles.push('COMPANY_LEADER');
  for (const role of roles)
    persons.push(...standIns.holders(role).map((employeeId) => ({ employeeId, by: 'ROLE' as const, role })));
  const lent = persons.flatMap((person) =>
    standIns.delegates(person.employeeId).map((employeeId) => ({
      employeeId,
      by: 'DELEGATION' as const,
      onBehalfOfId: person.employeeId,
    })),
  );
  const named = [...Map.groupBy([...persons, ...lent], ({ employeeId }) => employeeId).values()].flatMap(
    ([first]) => first ?? [],
  );
  return {
    roles,
    employees: named.filter(({ by }) => by !== 'ROLE').map(({ employeeId }) => employeeId),
    named,
  };
}

export function escalationSeverity(level: EscalationLevel): Severity {
  return level === 'L3' || level === 'L4' ? 'CRITICAL' : 'HIGH';
}

/** The kind under which a limit's step is told; complaints have kinds of their own (section 24, names in brackets). */
export function limitEventKind(step: LimitStep, kind: LimitKind, category: TicketCategory): EventKind | null {
  const complaint = category === 'COMPLAINT';
  if (step.step === 1) return complaint ? 'COMPLAINT_AT_RISK' : 'TICKET_AT_RISK';
  if (step.step > 2) return null;
  // A missing progress notice has a kind of its own (EVT-05).
  if (kind === 'PROGRESS' && complaint) return 'COMPLAINT_PROGRESS_NOTICE_DUE';
  return complaint ? 'COMPLAINT_OVERDUE' : 'TICKET_OVERDUE';
}
