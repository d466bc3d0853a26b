import { type ContactSeniority, CustomerGrade } from '../../generated/prisma/enums.ts';
import { KEY_ACCOUNT_SETTINGS } from '../../key-accounts/settings.ts';
import type { Settings } from '../../platform/settings-register.ts';
import { factorOf } from '../../tickets/rules/sla-terms.ts';
import { TICKET_SETTINGS } from '../../tickets/settings.ts';
import { GRADING_SETTINGS } from '../settings.ts';

/** How customers of a grade are served (CUS-26, CUS-29), as configuration says it. */
export function servicePolicyOf(settings: Settings, grade: CustomerGrade) {
  const byGrade = settings.get(KEY_ACCOUNT_SETTINGS.gradeCadence);
  const cadence = grade === 'D' ? settings.get(KEY_ACCOUNT_SETTINGS.gradeDCadence) : byGrade[grade];
  const none = { gradeFactors: {}, levelFactors: {} };
  return {
    grade,
    slaFactor: factorOf(
      none,
      { grade, keyAccountLevel: null },
      settings.get(TICKET_SETTINGS.keyAccountFactor),
    ),
    ...cadence,
    host: cadence.host as ContactSeniority,
    ...settings.get(GRADING_SETTINGS.servicePolicy)[grade],
  };
}

export type ServicePolicy = ReturnType<typeof servicePolicyOf>;

export function servicePolicies(settings: Settings): ServicePolicy[] {
  return Object.values(CustomerGrade).map((grade) => servicePolicyOf(settings, grade));
}
