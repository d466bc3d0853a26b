import { CUSTOMER_SETTINGS } from '../../customers/settings.ts';
import { KEY_ACCOUNT_SETTINGS } from '../../key-accounts/settings.ts';
import type { Settings } from '../../platform/settings-register.ts';
import type { CadenceTable } from '../rules/cadence.ts';
import { VISIT_SETTINGS } from '../settings.ts';

/** The contact minimums as the register has them. */
export function cadenceTable(settings: Settings): CadenceTable {
  return {
    byLevel: settings.get(KEY_ACCOUNT_SETTINGS.levelCadence),
    byGrade: {
      ...settings.get(KEY_ACCOUNT_SETTINGS.gradeCadence),
      D: settings.get(KEY_ACCOUNT_SETTINGS.gradeDCadence),
    } as CadenceTable['byGrade'],
    patrol: settings.get(VISIT_SETTINGS.patrol),
    lease: settings.get(VISIT_SETTINGS.leaseVisit),
    exchange: settings.get(VISIT_SETTINGS.executiveExchange),
    followUpDays: settings.get(VISIT_SETTINGS.followUpDays),
    fileScope: settings.get(CUSTOMER_SETTINGS.fileScope) as CadenceTable['fileScope'],
    countingVisits: settings.get(VISIT_SETTINGS.countingVisits),
    dueSoon: settings.get(KEY_ACCOUNT_SETTINGS.dueSoon),
  };
}
