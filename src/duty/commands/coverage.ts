import { localDate } from '../../lib/periods.ts';
import type { Organisation } from '../../organisation/queries.ts';
import type { Command } from '../../platform/command.ts';
import {
  type AdvanceObligations,
  cancelObligations,
  type ObligationAdvance,
  putObligations,
} from '../../platform/obligations.ts';
import { comingGaps } from '../queries/duty.ts';
import { checkCoverage } from '../rules.ts';
import { DUTY_SETTINGS } from '../settings.ts';

export const DUTY_COVERAGE = 'DUTY_COVERAGE';
const HOUR = 3_600_000;

/** Has the sweep look at desks when their next gap comes near, after their rota has changed. */
export async function watchCoverage(
  tx: Command,
  deskIds: readonly string[],
  timeZone: string,
): Promise<void> {
  const desks = await comingGaps(tx, deskIds, tx.now, timeZone);
  const lookAhead = tx.settings.get(DUTY_SETTINGS.lookAheadHours) * HOUR;
  await putObligations(
    tx,
    desks.map(({ coverage, gaps }) => {
      const { announced, nextAt } = checkCoverage(gaps, tx.now.getTime(), lookAhead);
      const next = announced.length > 0 ? tx.now.getTime() : nextAt;
      const firstGap = gaps[0]?.from ?? null;
      return {
        kind: DUTY_COVERAGE,
        subjectId: coverage.deskId,
        period: 'GAP',
        ownerId: null,
        startsAt: coverage.openedAt,
        warnAt: null,
        dueAt: firstGap === null ? null : new Date(firstGap),
        nextAt: new Date(next),
        state: 'OPEN' as const,
        step: 0,
      };
    }),
  );
}

export async function endCoverage(tx: Command, deskId: string): Promise<void> {
  await cancelObligations(tx, DUTY_COVERAGE, deskId);
}

/**
 * Tells the stretches in which nobody is on duty at a desk that must be manned (DUT-03, EVT-57): when one comes within
 * the hours looked ahead, and once a day until it is filled or over.
 */
export function advanceCoverage({
  organisation,
  timeZone,
}: {
  readonly organisation: Organisation;
  readonly timeZone: string;
}): AdvanceObligations {
  return async (tx, due) => {
    const lookAhead = tx.settings.get(DUTY_SETTINGS.lookAheadHours) * HOUR;
    const desks = await comingGaps(
      tx,
      due.map((obligation) => obligation.subjectId),
      tx.now,
      timeZone,
    );
    const byDesk = new Map(desks.map((desk) => [desk.coverage.deskId, desk]));
    const day = localDate(tx.now.getTime(), timeZone);
    return due.map((obligation): ObligationAdvance => {
      const desk = byDesk.get(obligation.subjectId);
      if (!desk) return { id: obligation.id, state: 'CANCELLED', step: obligation.step, nextAt: null };
      const { announced, nextAt } = checkCoverage(desk.gaps, tx.now.getTime(), lookAhead);
      for (const gap of announced) {
        tx.emit({
          kind: 'DUTY_GAP',
          subjectId: null,
          audience: { roles: ['MARKETING_CLERK', 'CS_SUPERVISOR'] },
          payload: {
            deskId: desk.coverage.deskId,
            teamId: desk.coverage.teamId,
            team: organisation.teams.get(desk.coverage.teamId)?.name ?? null,
            from: new Date(gap.from).toISOString(),
            to: new Date(gap.to).toISOString(),
          },
          dedupeKey: `DUTY_GAP ${desk.coverage.deskId} ${new Date(gap.from).toISOString()} ${day}`,
        });
      }
      return {
        id: obligation.id,
        state: announced.length > 0 ? 'OVERDUE' : 'OPEN',
        step: obligation.step,
        nextAt: new Date(nextAt),
      };
    });
  };
}
