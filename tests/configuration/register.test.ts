import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type SettingDefinition, setting, settingsAt } from '../../src/platform/settings-register.ts';
import { SETTINGS, settingOf } from '../../src/settings.ts';
import { z } from 'zod';

/** Entries that rulebook section 26 names for the areas that the product has: all of them, in its order. */
const NAMED = [
  'calendar: timezone businessHours shiftRule holidays extraWorkdays',
  'org: insideTeams deputyDelegationRequired',
  'policy: reviewMonths reviewNoticeDays',
  'grading: shares enableD tailD weights scope runAt confirmDays keyAccountMinGrade',
  'customer: priorityRule inactiveDays registrationDays fileScope',
  'file: warnDays maxDays verifyDays verifyDaysPriority custodianRole intelligenceDays requiredParts',
  'access: grantDays allowGrantForA',
  'export: bulkRows',
  'secrecy: acknowledgeMonths',
  'cadence: grade gradeD keyAccount dueSoon patrolDays followUpDays leaseVisit executiveExchange countingVisits',
  'visit: recordDays',
  'patrol: dailyTime monthlyDay urgentReplyHours',
  'report: visitPlanDay graceDaily graceOther',
  'keyAccount: thresholds specialCount reviewPeriod symposiumPerYear demandMeeting unassignedDays inspection planReviewMonths modelPerIndustry revenueReportDay peakNoticeDays analysisPeriod',
  'gift: limit',
  'care: noticeDays',
  'meeting: minutesDays',
  'sla: atRisk keyAccountFactor registerMinutes dispatchHours dispatchConfirmHours pauseWhileWaiting complaintIntake',
  'ticket: seriousAmount repeatCount followUpDays followUpTries reopenDays escalationHours rootCauseCount reminderMax recordingMonths respectDelegate',
  'kpi: abnormalSd window minHistory tolerance caseDays sampleShare sampleMin warnDays planCap improvementDays settleDays newCustomerRevenue',
  'volume: drop dropKey',
  'churn: reasons overdueDays complaints expiringDays',
  'budget: alerts dueDate stepDays singleClaimShare paceGap reportDay draftChain',
  'expense: chain',
  'duty: publish lookAheadHours',
].flatMap((group) => {
  const [prefix, names = ''] = group.split(': ');
  return names.split(' ').map((name) => `${prefix}.${name}`);
});

/** Why an entry is not in the register: what would use it is not in the product, or it is kept elsewhere. */
const EXPLAINED: Readonly<Record<string, string>> = {
  'calendar.timezone':
    'the environment variable BUSINESS_TIME_ZONE: periods are cut by it before anything is read',
  'calendar.businessHours calendar.holidays calendar.extraWorkdays': 'rows of business_calendar',
  'calendar.shiftRule': 'deadlines are not moved off rest days (NONE)',
  'org.deputyDelegationRequired':
    'always so: a DEPUTY decides where a chain names the role, else by a recorded delegation alone',
  'policy.reviewMonths policy.reviewNoticeDays': 'policy documents are not kept yet',
  'sla.complaintIntake': 'intake is never closed: ticketOpen takes complaints at any hour',
  'duty.publish': 'a rota applies when it is entered',
  'kpi.sampleShare kpi.sampleMin kpi.planCap kpi.improvementDays':
    'their metrics are registered, not computed',
  'churn.overdueDays churn.expiringDays': 'contracts and receivables are not in the product yet',
  'budget.alerts budget.dueDate budget.stepDays budget.singleClaimShare budget.paceGap budget.reportDay expense.chain':
    'expense claims are not in the product yet, so nothing is spent or due',
};

describe('the configuration register', () => {
  it('has each key once, with a description, an origin and the rules that use it', () => {
    expect(SETTINGS.length).toBeGreaterThan(20);
    expect(new Set(SETTINGS.map(({ key }) => key)).size).toBe(SETTINGS.length);
    for (const { key, description, origin, source } of SETTINGS) {
      expect(key).toMatch(/^[a-z][A-Za-z]*\.[a-z][A-Za-z]*$/);
      expect(description.length, key).toBeGreaterThan(20);
      expect(['S', 'D'], key).toContain(origin);
      expect(source, key).not.toBe('');
      expect(settingOf(key)?.key).toBe(key);
    }
  });

  it('takes every default as a value, and can say what it accepts', () => {
    for (const { key, schema, default: value } of SETTINGS) {
      expect(schema.safeParse(value), key).toMatchObject({ success: true, data: value });
      expect(Object.keys(z.toJSONSchema(schema, { unrepresentable: 'any' })), key).toContain('type');
    }
  });

  it('collects the settings of every area', async () => {
    const root = join(import.meta.dirname, '../../src');
    const files = globSync('*/settings.ts', { cwd: root });
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      const groups = Object.values((await import(join(root, file))) as object).filter(
        (one) => typeof one === 'object',
      );
      for (const definition of groups.flatMap((group): SettingDefinition[] => Object.values(group))) {
        expect(SETTINGS, `${file}: ${definition.key}`).toContain(definition);
      }
    }
  });

  it('has or explains what section 26 names for its areas', () => {
    const explained = Object.keys(EXPLAINED).flatMap((keys) => keys.split(' '));
    const registered = SETTINGS.map(({ key }) => key);
    for (const key of NAMED) {
      const places = [registered.includes(key), explained.includes(key)].filter(Boolean).length;
      expect(places, `${key} is either registered or explained`).toBe(1);
    }
    expect(explained.filter((key) => !NAMED.includes(key))).toEqual([]);
    // Beyond the rulebook: the upkeep of stream and rollups, how queues are worked off, what files are
    // taken, when a running figure says anything, and who approves what.
    expect(registered.filter((key) => !NAMED.includes(key))).toEqual([
      'events.retentionDays',
      'events.keyDays',
      'file.requiredPartsPriority',
      'file.requiredPapers',
      'access.approvalChain',
      'customer.duplicateSimilarity',
      'customer.duplicateShared',
      'grading.codes',
      'grading.regionPoints',
      'grading.servicePolicy',
      'grading.keepRuns',
      'grading.batch',
      'keyAccount.rankChain',
      'keyAccount.incentiveChain',
      'keyAccount.giftChain',
      'keyAccount.healthDays',
      'keyAccount.healthWeights',
      'churn.volume',
      'keyAccount.competenceProfile',
      'keyAccount.runAt',
      'ticket.complaintProcedure',
      'ticket.assignment',
      'ticket.planChain',
      'ticket.escalationAcknowledgeHours',
      'ticket.followUpRetryHours',
      'ticket.reminderHours',
      'sla.recomputeBatch',
      'sla.simulateTickets',
      'handover.everyMinutes',
      'attachment.maxBytes',
      'attachment.types',
      'attachment.uploadMinutes',
      'attachment.downloadMinutes',
      'kpi.graceHours',
      'kpi.longPeriodSeconds',
      'kpi.offTargetMinimum',
      'volume.seasonal',
      'volume.runAt',
      'export.maxRows',
      'export.linkMinutes',
      'export.downloadMinutes',
      'export.openAtOnce',
      'approval.atRisk',
      'approval.delegationDays',
      'webhooks.allowHttp',
      'webhooks.allowedNetworks',
      'webhooks.timeoutSeconds',
      'webhooks.maxAttempts',
      'webhooks.retrySeconds',
      'webhooks.retryMaxSeconds',
      'webhooks.circuitFailures',
      'webhooks.circuitSeconds',
      'webhooks.secretOverlapHours',
      'webhooks.logDays',
    ]);
  });
});

describe('a setting at an instant', () => {
  const days = setting({
    key: 'test.days',
    description: 'Days of a test.',
    default: 30,
    origin: 'D',
    source: 'TEST',
    schema: z.number(),
  });
  const change = (value: number, validFrom: string) => ({
    key: 'test.days',
    value,
    validFrom: new Date(validFrom),
  });

  it.each([
    ['nothing changed', [], 30],
    ['a change still to come', [change(10, '2026-11-23T01:00:00.001Z')], 30],
    ['a change from this instant on', [change(10, '2026-11-23T01:00:00.000Z')], 10],
    [
      'the newest of two, in any order',
      [change(20, '2026-11-02T00:00:00Z'), change(10, '2026-11-01T00:00:00Z')],
      20,
    ],
    [
      'of two for one instant the later approved',
      [change(10, '2026-11-01T00:00:00Z'), change(20, '2026-11-01T00:00:00Z')],
      20,
    ],
  ])('%s', (_case, changes, value) => {
    expect(settingsAt(changes, new Date('2026-11-23T01:00:00Z')).get(days)).toBe(value);
  });
});
