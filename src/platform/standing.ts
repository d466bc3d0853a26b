import { nextPeriod, periodOf, zonedInstant } from '../lib/periods.ts';
import type { Command } from './command.ts';
import { openObligations } from './obligations.ts';

/** Stands for all rows where an obligation has a subject. */
const EVERYTHING = '00000000-0000-0000-0000-000000000000';

/** When the wall clock shows `at` ("02:00") next. */
export function nextNight(now: Date, at: string, timeZone: string): Date {
  const today = periodOf(now.getTime(), 'DAY', timeZone);
  const tonight = zonedInstant(`${today.key} ${at}`, timeZone);
  if (tonight > now.getTime()) return new Date(tonight);
  return new Date(zonedInstant(`${nextPeriod(today, timeZone).key} ${at}`, timeZone));
}

/** Has the sweep do something again and again, first at an instant, unless it does already: called when a process starts. */
export async function watchStanding(tx: Command, kind: string, firstAt: Date): Promise<void> {
  await openObligations(tx, [
    {
      kind,
      subjectId: EVERYTHING,
      period: 'ALL',
      ownerId: null,
      startsAt: tx.now,
      dueAt: firstAt,
      nextAt: firstAt,
    },
  ]);
}

/** The same from the next night on. */
export function watchNight(tx: Command, kind: string, at: string, timeZone: string): Promise<void> {
  return watchStanding(tx, kind, nextNight(tx.now, at, timeZone));
}
