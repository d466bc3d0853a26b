import type { Role, VisitState, VisitType } from '../../generated/prisma/enums.ts';
import type { Issues } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { allowedActions, transition, type Workflow } from '../../lib/workflow.ts';

export type VisitAction = 'RECORD' | 'CANCEL' | 'MISS';

const VISITS: Workflow<VisitState, VisitAction> = {
  PLANNED: { RECORD: 'DONE', CANCEL: 'CANCELLED', MISS: 'MISSED' },
  // Recorded late it was made all the same.
  MISSED: { RECORD: 'DONE', CANCEL: 'CANCELLED' },
  DONE: {},
  CANCELLED: {},
};

/** What becomes of a visit (VIS-03). */
export function changeVisit(from: VisitState, action: VisitAction): VisitState {
  return transition(VISITS, from, action);
}

/** What the viewer may do with a visit, as data. */
export function visitActions(
  state: VisitState,
  works: boolean,
): { action: string; allowed: boolean; reason: string | null }[] {
  const possible = allowedActions(VISITS, state);
  return (
    [
      ['visitRecord', 'RECORD'],
      ['visitCancel', 'CANCEL'],
    ] as const
  ).map(([action, step]) => {
    const reason = !works ? 'FORBIDDEN' : possible.includes(step) ? null : `STATE_${state}`;
    return { action, allowed: reason === null, reason };
  });
}

/** Roles that sell (VIS-02). */
const SELLERS: readonly Role[] = [
  'ACCOUNT_MANAGER_LOGISTICS',
  'ACCOUNT_MANAGER_LEASING',
  'SALES_REP',
  'SALES_SUPERVISOR',
];

export interface PatrolVisitor {
  readonly id: string;
  readonly roles: readonly Role[];
  /** The regions in which the person works; none: every region. */
  readonly areaIds: readonly string[];
}

/** Whether a person may not patrol a customer: its owner, or somebody who sells in its region (VIS-02, CFL-17). */
export function sellsTo(
  visitor: PatrolVisitor,
  customer: { readonly ownerId: string | null; readonly areaId: string | null },
): boolean {
  if (visitor.id === customer.ownerId) return true;
  const works = customer.areaId === null || visitor.areaIds.includes(customer.areaId);
  return visitor.roles.some((role) => SELLERS.includes(role)) && (visitor.areaIds.length === 0 || works);
}

/** What a visit was about (VIS-10, FRM-23). */
export interface VisitFacts {
  readonly content?: string | null;
  readonly needs?: string | null;
  readonly latentNeeds?: readonly string[] | null;
  readonly competitorInformation?: string | null;
  readonly promises?: string | null;
  readonly nextStep?: string | null;
}

const WORDS_MOST = 4_000;
const LATENT_MOST = 20;
const LATENT_WORDS_MOST = 500;

/** The times of a visit's purpose and of its record; a visit that was made says what was learned. */
export function expectVisitFacts(issues: Issues, facts: VisitFacts): void {
  const length = facts.content?.trim().length ?? 0;
  issues.expect(
    length > 0 && length <= WORDS_MOST,
    'content',
    text('what was talked about, in 1 to 4,000 characters', '拜访内容，1 到 4000 字'),
  );
  for (const field of ['needs', 'competitorInformation', 'promises', 'nextStep'] as const) {
    issues.expect(
      (facts[field]?.length ?? 0) <= WORDS_MOST,
      field,
      text('at most 4,000 characters', '最多 4000 字'),
    );
  }
  const latent = facts.latentNeeds ?? [];
  issues.expect(
    latent.length <= LATENT_MOST &&
      latent.every((need) => need.trim() !== '' && need.length <= LATENT_WORDS_MOST),
    'latentNeeds',
    text('at most 20 needs, each of 1 to 500 characters', '最多 20 项，每项 1 到 500 字'),
  );
}

export function expectPurpose(issues: Issues, purpose: string | null | undefined): void {
  const length = purpose?.trim().length ?? 0;
  issues.expect(
    length > 0 && length <= 1_000,
    'purpose',
    text('what the visit is for, in 1 to 1,000 characters', '拜访目的，1 到 1000 字'),
  );
}

/** A visit to leaders needs the person visited: whether it counts depends on the seniority (VIS-04, VIS-05). */
export function needsHost(type: VisitType): boolean {
  return type === 'RELATION' || type === 'FOLLOW_UP' || type === 'EXECUTIVE_EXCHANGE';
}

/** When a planned visit that nobody recorded counts as missed (VIS-03). */
export function missedAt(plannedFor: Date, recordDays: number): Date {
  return new Date(plannedFor.getTime() + recordDays * 86_400_000);
}
