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

/** Escalation never lowers itself (TIC-34): true when `level` is above what was reached. */
export function isHigher(level: EscalationLevel, reached: EscalationLevel | null): boolean {
  return reached === null || RUNGS.indexOf(level) > RUNGS.indexOf(reached);
}

/** Who a ticket's events can address. */
export interface TicketPeople {
  readonly assigneeId: string | null;
  readonly ownerId: string | null;
  readonly isKeyAccount: boolean;
  readonly arisesDuringSale: boolean;
  readonly specialistId: string | null;
  readonly areaDeputies: readonly string[];
  readonly departmentManagerId: string | null;
}

export interface PeopleAddressed {
  readonly roles: Role[];
  readonly employees: string[];
}

/** Whom a level names: L1 handler and CS_SUPERVISOR, L2 + HEAD, L3 + DEPUTY and the responsible department's manager, L4 + COMPANY_LEADER (TIC-34). */
export function addressedBy(level: EscalationLevel, people: TicketPeople): PeopleAddressed {
  const rung = RUNGS.indexOf(level);
  const roles: Role[] = ['CS_SUPERVISOR'];
  const employees = [people.assigneeId];
  // KEY-29: key account complaints are handled by the key account side, CS_SUPERVISOR gets a copy.
  if (people.isKeyAccount) {
    roles.push('KA_SUPERVISOR');
    employees.push(people.specialistId);
  } else if (people.arisesDuringSale) {
    // TIC-28: what arises during the sale is coordinated by sales.
    roles.push('SALES_SUPERVISOR');
  }
  if (rung >= 1) roles.push('HEAD');
  if (rung >= 2) employees.push(...people.areaDeputies, people.departmentManagerId);
  if (rung >= 3) roles.push('COMPANY_LEADER');
  return { roles, employees: [...new Set(employees.filter((id) => id !== null))] };
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
