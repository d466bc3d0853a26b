import type { AccessGrantState, CustomerGrade, CustomerLifecycle } from '../generated/prisma/enums.ts';
import { IllegalTransition, type Issues } from '../lib/errors.ts';
import { text } from '../lib/text.ts';
import { can, hasRole, type Viewer } from '../organisation/rules/viewer.ts';

/**
 * A company's name as the masked card shows it: enough to recognise, not enough to look up (CUS-17). The first two
 * characters of a Chinese name, the first word's first three letters of another.
 */
export function shortenedName(name: string): string {
  const letters = [...name.trim()];
  const kept = /\p{Script=Han}/u.test(name) ? 2 : 3;
  return `${letters.slice(0, Math.min(kept, Math.max(0, letters.length - 1))).join('')}***`;
}

/** CUS-17: every read of a grade A file is logged; an auditor's reads of any file are too (section 23). */
export function fileReadIsRecorded(viewer: Viewer, grade: CustomerGrade | null): boolean {
  return grade === 'A' || hasRole(viewer, 'INTERNAL_AUDITOR');
}

/** The entry for a read of what belongs to a file; null for a read that is not logged. */
export function recordedRead(
  viewer: Viewer,
  { id, grade }: { readonly id: string; readonly grade: CustomerGrade | null },
  part: 'file' | 'billing' | 'contacts' | 'shipments',
) {
  return fileReadIsRecorded(viewer, grade)
    ? { action: 'fileRead', subjectType: 'Customer', subjectId: id, after: { part } }
    : null;
}

/** The five facts without which a customer stays a TARGET (CUS-02). */
export interface LeadFacts {
  readonly name?: string | null;
  readonly contactPerson?: string | null;
  readonly phone?: string | null;
  readonly address?: string | null;
  readonly businessNeeds?: string | null;
}

export const LEAD_FACTS = ['name', 'contactPerson', 'phone', 'address', 'businessNeeds'] as const;

export function missingLeadFacts(facts: LeadFacts): string[] {
  return LEAD_FACTS.filter((fact) => !facts[fact]?.trim());
}

/** Leaving TARGET needs the five facts; each missing one is named (CUS-02). */
export function expectLeadFacts(issues: Issues, lifecycle: CustomerLifecycle, facts: LeadFacts): void {
  if (lifecycle === 'TARGET') return;
  for (const fact of missingLeadFacts(facts)) {
    issues.expect(
      false,
      fact,
      text(`needed to leave lifecycle TARGET (CUS-02)`, '脱离 TARGET 阶段必须填写（CUS-02）'),
    );
  }
}

/** Grades apply to existing customers: ACTIVE and DORMANT; LOST ones keep their last grade (CUS-35). */
export function canBeGraded(lifecycle: CustomerLifecycle): boolean {
  return lifecycle === 'ACTIVE' || lifecycle === 'DORMANT';
}

export type GrantAction = 'APPROVE' | 'REFUSE' | 'WITHDRAW' | 'REVOKE' | 'EXPIRE';

const GRANTS: Record<AccessGrantState, Partial<Record<GrantAction, AccessGrantState>>> = {
  REQUESTED: { APPROVE: 'APPROVED', REFUSE: 'REFUSED', WITHDRAW: 'WITHDRAWN' },
  APPROVED: { REVOKE: 'REVOKED', EXPIRE: 'EXPIRED' },
  REFUSED: {},
  EXPIRED: {},
  REVOKED: {},
  WITHDRAWN: {},
};

/** States of an access request (CUS-18, PRM-02). */
export function decideGrant(from: AccessGrantState, action: GrantAction): AccessGrantState {
  const next = GRANTS[from][action];
  if (!next) throw new IllegalTransition(from, action, Object.keys(GRANTS[from]));
  return next;
}

/** Whether a file of this grade may be opened to another department at all (CFL-09). */
export function grantPossible(grade: CustomerGrade | null, allowGrantForA: boolean): boolean {
  return grade !== 'A' || allowGrantForA;
}

/** Where `access.allowGrantForA` says so, an approved request opens a grade A file too (CFL-09). */
export function withGrantsForA(viewer: Viewer, allowGrantForA: boolean): Viewer {
  if (!allowGrantForA || !can(viewer, 'accessGrant', 'request')) return viewer;
  return { ...viewer, rights: new Set([...viewer.rights, 'customerFileA:read:GRANT']) };
}

/** What a viewer may do with a customer, as data (rights of section 23 and the rules above). */
export function customerActions(
  viewer: Viewer,
  customer: {
    readonly access: string;
    readonly grade: CustomerGrade | null;
    readonly lifecycle: CustomerLifecycle;
  },
  writable: boolean,
  allowGrantForA: boolean,
  fileScope: readonly string[],
): { action: string; allowed: boolean; reason: string | null }[] {
  function right(
    action: string,
    allowed: boolean,
    reason: string,
  ): { action: string; allowed: boolean; reason: string | null } {
    return { action, allowed, reason: allowed ? null : reason };
  }
  const confirms = can(viewer, 'grading', 'approve');
  const open = customer.access === 'FULL';
  const requests = can(viewer, 'accessGrant', 'request');
  return [
    right('customerUpdate', writable, 'FORBIDDEN'),
    right('contactCreate', writable, 'FORBIDDEN'),
    right(
      'customerGrade',
      confirms && open && fileScope.includes(customer.lifecycle),
      // The life stage is content of the file.
      !confirms ? 'FORBIDDEN' : open ? `LIFECYCLE_${customer.lifecycle}` : 'GRADE_A_DEDICATED_ONLY',
    ),
    right(
      'customerAssign',
      hasRole(viewer, 'HEAD') || (customer.grade !== 'A' && hasRole(viewer, 'SALES_SUPERVISOR')),
      'FORBIDDEN',
    ),
    right(
      'customerAccessRequest',
      requests && !open && grantPossible(customer.grade, allowGrantForA),
      !requests ? 'FORBIDDEN' : open ? 'ALREADY_ALLOWED' : 'GRADE_A_DEDICATED_ONLY',
    ),
  ];
}
