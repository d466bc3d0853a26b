import type { ApprovalChain } from '../../generated/prisma/enums.ts';
import type { Command } from '../../platform/command.ts';
import type { AdvanceObligations, Obligation, ObligationAdvance } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { decidersOf, type Directory, writeHistory } from './requests.ts';

interface WaitingApproval {
  readonly id: string;
  readonly chain: ApprovalChain;
  readonly step: number;
}

/** Approvals that somebody decides just now are passed over; the next sweep finds what is left of them. */
async function claim(tx: Command, ids: readonly string[]): Promise<Map<string, WaitingApproval>> {
  const rows = await tx.query<WaitingApproval>(sql`
    select a.id, a.chain, a.step from approval a
    where a.id = any(${[...ids]}::uuid[]) and a.state = 'PENDING'
    order by a.id
    for update skip locked`);
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Works off the deadlines of approval steps: a warning and, at the limit, APPROVAL_STEP_OVERDUE, each once and to those
 * who may decide now (EVT-22, EVT-45). After a standstill that missed both, only the latter is told.
 */
export function advanceApprovalSteps(directory: Directory): AdvanceObligations {
  return async (tx, due) => {
    const waiting = await claim(
      tx,
      due.map((obligation) => obligation.subjectId),
    );
    const known = due.flatMap((obligation) => {
      const approval = waiting.get(obligation.subjectId);
      return approval && obligation.period === String(approval.step) ? [{ obligation, approval }] : [];
    });
    const deciders = await decidersOf(
      tx,
      known.map(({ approval }) => approval.id),
      directory,
    );
    const moves = known.map(({ obligation, approval }) => ({ approval, ...advance(obligation, tx.now) }));
    for (const { approval, told, dueAt } of moves) {
      tx.emit({
        kind: told,
        subjectId: approval.id,
        audience: { employees: deciders.get(approval.id) ?? [] },
        payload: {
          approvalId: approval.id,
          chain: approval.chain,
          step: approval.step,
          dueAt: dueAt?.toISOString() ?? null,
        },
      });
    }
    await writeHistory(
      tx,
      moves
        .filter(({ told }) => told === 'APPROVAL_STEP_OVERDUE')
        .map(({ approval }) => ({
          approvalId: approval.id,
          event: 'STEP_OVERDUE',
          step: approval.step,
          actorId: null,
        })),
    );
    return moves.map(({ move }) => move);
  };
}

function advance(
  { id, dueAt }: Obligation,
  now: Date,
): {
  readonly told: 'APPROVAL_STEP_AT_RISK' | 'APPROVAL_STEP_OVERDUE';
  readonly dueAt: Date | null;
  readonly move: ObligationAdvance;
} {
  return dueAt !== null && now < dueAt
    ? { told: 'APPROVAL_STEP_AT_RISK', dueAt, move: { id, state: 'WARNED', step: 1, nextAt: dueAt } }
    : { told: 'APPROVAL_STEP_OVERDUE', dueAt, move: { id, state: 'OVERDUE', step: 2, nextAt: null } };
}
