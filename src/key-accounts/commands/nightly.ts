import type { Reader } from '../../organisation/queries.ts';
import type { Command } from '../../platform/command.ts';
import type { AdvanceObligations } from '../../platform/obligations.ts';
import { nextNight, watchNight } from '../../platform/standing.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';
import { analyse } from './analyses.ts';
import { findCandidates, reviewLevels } from './candidates.ts';
import { findChurn } from './churn.ts';
import { KEY_ACCOUNT_REVIEW, openDuties, tellUnrecorded, watchPlans, watchUnassigned } from './duties.ts';
import { openMeetings } from './meetings.ts';
import { openReports } from './reports.ts';

/** The nightly work over all customers and key accounts. */
export const KEY_ACCOUNT_NIGHT = 'KEY_ACCOUNT_NIGHT';

/** Has the nightly work done: called when a process starts. */
export function watchKeyAccountNights(tx: Command, timeZone: string): Promise<void> {
  return watchNight(tx, KEY_ACCOUNT_NIGHT, tx.settings.get(KEY_ACCOUNT_SETTINGS.runAt), timeZone);
}

/** A few statements over all customers and accounts, whatever their number. */
export function workNight(directory: Pick<Reader, 'organisation' | 'timeZone'>): AdvanceObligations {
  const { timeZone } = directory;
  return async (tx, due) => {
    await findCandidates(tx, timeZone);
    const opened = await openDuties(tx, timeZone);
    await reviewLevels(
      tx,
      opened.flatMap(({ kind, subjectId }) => (kind === KEY_ACCOUNT_REVIEW ? [subjectId] : [])),
      directory,
    );
    await watchPlans(tx, timeZone);
    await openMeetings(tx, timeZone);
    await tellUnrecorded(tx, timeZone);
    await openReports(tx, timeZone);
    await analyse(tx, timeZone);
    await findChurn(tx);
    await watchUnassigned(tx, timeZone);
    const nextAt = nextNight(tx.now, tx.settings.get(KEY_ACCOUNT_SETTINGS.runAt), timeZone);
    return due.map(({ id, step }) => ({ id, state: 'OPEN', step, nextAt }));
  };
}
