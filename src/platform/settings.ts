import { z } from 'zod';
import { setting, type SettingChange } from './settings-register.ts';
import { type Queryable, sql } from './sql.ts';

/** Configuration of the machinery itself; the areas register their own beside their rules. */
export const PLATFORM_SETTINGS = {
  eventRetentionDays: setting({
    key: 'events.retentionDays',
    description: 'Days for which live events can be resumed; older ones are dropped by whole partitions.',
    default: 14,
    origin: 'D',
    source: 'EVT',
    schema: z.number().int().min(1).max(3650),
  }),
  eventKeyDays: setting({
    key: 'events.keyDays',
    description: 'Days for which the keys of events that must happen once are kept.',
    default: 400,
    origin: 'D',
    source: 'EVT',
    schema: z.number().int().min(30).max(3650),
  }),
} as const;

/** Approved changes of the register, for settingsAt: of two for the same instant the one approved later applies. */
export async function loadSettingChanges(db: Queryable): Promise<SettingChange[]> {
  return db.query<SettingChange>(sql`
    select key, value, valid_from as "validFrom" from setting
    where approved_at is not null and refused_at is null
    order by valid_from, approved_at`);
}
