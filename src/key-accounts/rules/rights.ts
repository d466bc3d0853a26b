import { IllegalTransition } from '../../lib/errors.ts';

/** NONE: the customer has never been a key account. */
export type KeyAccountStatus = 'NONE' | 'ACTIVE' | 'ENDED';

export type KeyAccountAction =
  | 'keyAccountPromote'
  | 'keyAccountUpdate'
  | 'keyAccountAssignSpecialist'
  | 'keyAccountEnd';

const NEXT: Record<KeyAccountStatus, Partial<Record<KeyAccountAction, KeyAccountStatus>>> = {
  NONE: { keyAccountPromote: 'ACTIVE' },
  ACTIVE: { keyAccountUpdate: 'ACTIVE', keyAccountAssignSpecialist: 'ACTIVE', keyAccountEnd: 'ENDED' },
  ENDED: { keyAccountPromote: 'ACTIVE' },
};

export function statusOf(account: { readonly endedAt: Date | null } | null | undefined): KeyAccountStatus {
  if (!account) return 'NONE';
  return account.endedAt === null ? 'ACTIVE' : 'ENDED';
}

/** What becomes of a key account; a customer can become one again after it ended. */
export function changeStatus(from: KeyAccountStatus, action: KeyAccountAction): KeyAccountStatus {
  const next = NEXT[from][action];
  if (!next) throw new IllegalTransition(from, action, Object.keys(NEXT[from]));
  return next;
}

/** What the viewer holds on one account. */
export interface AccountRights {
  /** keyAccount:write reaches it. */
  readonly writes: boolean;
  /** keyAccount:approve reaches it. */
  readonly approves: boolean;
  /** contactLog:write reaches its customer, and the file is open. */
  readonly contacts: boolean;
  /** See `opensFile`. */
  readonly opens: boolean;
}

export interface AccountChange {
  /** How the account is served: model, lane, hours, partnership, and whether it is its industry's model. */
  readonly service: boolean;
  /** Special rank (CFL-05); a level is proposed, and its chain approves it. */
  readonly rank: boolean;
}

/** Which right a change lacks; null when it is allowed. A target may move without: the level that follows from it is proposed. */
export function missingRight(
  change: AccountChange,
  rights: Pick<AccountRights, 'writes' | 'approves'>,
): 'write' | 'approve' | null {
  if (change.rank && !rights.approves) return 'approve';
  if (change.service && !rights.writes) return 'write';
  return rights.writes || rights.approves ? null : 'write';
}

/**
 * Promotion and handover make people dedicated, which opens a grade A file (PRM-07). Nobody opens a file that is
 * closed to them: for grade A that leaves HEAD, who assigns, and those who are dedicated already (CUS-17).
 */
export function opensFile(customer: { readonly grade: string | null; readonly fileOpen: boolean }): boolean {
  return customer.grade !== 'A' || customer.fileOpen;
}

/** What the viewer may do with a key account, as data. */
export function keyAccountActions(
  status: KeyAccountStatus,
  rights: AccountRights,
): { action: string; allowed: boolean; reason: string | null }[] {
  function right(action: KeyAccountAction, held: boolean, opens = true) {
    const reason = !held
      ? 'FORBIDDEN'
      : NEXT[status][action] === undefined
        ? `STATUS_${status}`
        : opens
          ? null
          : 'GRADE_A_DEDICATED_ONLY';
    return { action, allowed: reason === null, reason };
  }
  return [
    right('keyAccountPromote', rights.approves || rights.writes, rights.opens),
    right('keyAccountUpdate', rights.writes || rights.approves),
    right('keyAccountAssignSpecialist', rights.approves, rights.opens),
    right('keyAccountEnd', rights.approves),
    { action: 'contactLogRecord', allowed: rights.contacts, reason: rights.contacts ? null : 'FORBIDDEN' },
  ];
}
