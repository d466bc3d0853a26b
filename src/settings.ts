import { APPROVAL_SETTINGS } from './approvals/settings.ts';
import { ATTACHMENT_SETTINGS } from './attachments/settings.ts';
import { BUDGET_SETTINGS } from './budgets/settings.ts';
import { CUSTOMER_SETTINGS } from './customers/settings.ts';
import { DUPLICATE_SETTINGS } from './duplicates/settings.ts';
import { DUTY_SETTINGS } from './duty/settings.ts';
import { EXPORT_SETTINGS } from './exports/settings.ts';
import { HANDOVER_SETTINGS } from './handover/settings.ts';
import { GRADING_SETTINGS } from './grading/settings.ts';
import { KEY_ACCOUNT_SETTINGS } from './key-accounts/settings.ts';
import { KPI_SETTINGS } from './kpis/settings.ts';
import { PLATFORM_SETTINGS } from './platform/settings.ts';
import type { SettingDefinition } from './platform/settings-register.ts';
import { SLA_SETTINGS } from './sla/settings.ts';
import { TICKET_SETTINGS } from './tickets/settings.ts';
import { VISIT_SETTINGS } from './visits/settings.ts';
import { VOLUME_SETTINGS } from './volumes/settings.ts';
import { WORK_REPORT_SETTINGS } from './work-reports/settings.ts';
import { WEBHOOK_SETTINGS } from './webhooks/settings.ts';

/** The configuration register (rulebook section 26): the settings of every area, each declared beside its rules. */
export const SETTINGS: readonly SettingDefinition[] = [
  PLATFORM_SETTINGS,
  CUSTOMER_SETTINGS,
  DUPLICATE_SETTINGS,
  GRADING_SETTINGS,
  KEY_ACCOUNT_SETTINGS,
  VISIT_SETTINGS,
  WORK_REPORT_SETTINGS,
  TICKET_SETTINGS,
  SLA_SETTINGS,
  DUTY_SETTINGS,
  HANDOVER_SETTINGS,
  ATTACHMENT_SETTINGS,
  KPI_SETTINGS,
  VOLUME_SETTINGS,
  BUDGET_SETTINGS,
  EXPORT_SETTINGS,
  APPROVAL_SETTINGS,
  WEBHOOK_SETTINGS,
].flatMap((area): SettingDefinition[] => Object.values(area));

const byKey = new Map(SETTINGS.map((definition) => [definition.key, definition]));

export function settingOf(key: string): SettingDefinition | undefined {
  return byKey.get(key);
}
