import { periodOf, previousPeriod } from '../../lib/periods.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { Command } from '../../platform/command.ts';
import type { AdvanceObligations } from '../../platform/obligations.ts';
import { nextNight, watchNight } from '../../platform/standing.ts';
import { nameCustodians } from './custodians.ts';
import { watchIntelligence } from './notes.ts';
import { moveByActivity } from './stages.ts';
import { watchVerification } from './verification.ts';

/** The daily look at all customers. */
export const CUSTOMER_DAY = 'CUSTOMER_DAY';
const MIDNIGHT = '00:00';

/** Has all customers looked at when the day ends: called when a process starts. */
export function watchCustomerDays(tx: Command, timeZone: string): Promise<void> {
  return watchNight(tx, CUSTOMER_DAY, MIDNIGHT, timeZone);
}

/**
 * Once a day, for all customers and by a few statements: life stages by what the day that ended has shown (CUS-36),
 * keepers of files that have none (CUS-21), when files are verified again (CUS-23) and news are due (CUS-28). Days that were missed are made up
 * for by the newest one.
 */
export function sweepCustomerDays(directory: Pick<Reader, 'organisation' | 'timeZone'>): AdvanceObligations {
  return async (tx, due) => {
    const { timeZone } = directory;
    const yesterday = previousPeriod(periodOf(tx.now.getTime(), 'DAY', timeZone), timeZone);
    await moveByActivity(tx, yesterday.key, timeZone);
    await nameCustodians(tx, directory, null);
    await watchVerification(tx, null);
    await watchIntelligence(tx, null);
    const nextAt = nextNight(tx.now, MIDNIGHT, timeZone);
    return due.map(({ id, step }) => ({ id, state: 'OPEN', step: step + 1, nextAt }));
  };
}
