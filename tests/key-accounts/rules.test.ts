import { describe, expect, test } from 'vitest';
import { IllegalTransition, InvalidInput, Issues } from '../../src/lib/errors.ts';
import { parsePeriod, zonedInstant } from '../../src/lib/periods.ts';
import { settingsAt } from '../../src/platform/settings-register.ts';
import { cadencePolicy } from '../../src/key-accounts/queries/contact-weeks.ts';
import {
  cadenceAnomalies,
  type ContactFacts,
  countsAsCall,
  expectContactFacts,
  firstWeek,
  judgeWeek,
  overdueAudience,
  requiredCalls,
  warnAt,
  weeksSince,
} from '../../src/key-accounts/rules/contact-cadence.ts';
import { levelFor, specialByDefault } from '../../src/key-accounts/rules/level.ts';
import {
  changeStatus,
  type KeyAccountAction,
  type KeyAccountStatus,
  keyAccountActions,
  missingRight,
  opensFile,
} from '../../src/key-accounts/rules/rights.ts';
import { KEY_ACCOUNT_SETTINGS } from '../../src/key-accounts/settings.ts';

const SHANGHAI = 'Asia/Shanghai';
const THRESHOLDS = KEY_ACCOUNT_SETTINGS.thresholds.default;
const POLICY = cadencePolicy(settingsAt([], new Date('2026-11-23T01:00:00Z')));
const HOUR = 3_600_000;

function shanghai(wallClock: string): number {
  return zonedInstant(wallClock, SHANGHAI);
}

describe('the level follows from the annual revenue target', () => {
  test.each([
    ['9999999999999999.99', 'A'],
    ['5000000.00', 'A'],
    ['5000000', 'A'],
    ['4999999.99', 'B'],
    ['2000000.00', 'B'],
    ['1999999.99', 'C'],
    ['1000000.00', 'C'],
    ['999999.99', 'D'],
    ['500000.00', 'D'],
    ['499999.99', null],
    ['0', null],
    ['-5000000.00', null],
  ] as const)('%s yuan: %s', (target, level) => {
    expect(levelFor(target, THRESHOLDS)).toBe(level);
  });

  test.each([
    ['the proposed ones', {}, true],
    ['two equal ones', { B: '5000000.00' }, false],
    ['one that rises', { D: '1000000.01' }, false],
    ['one cent apart', { A: '2000000.01' }, true],
    ['more than two places', { A: '5000000.001' }, false],
    ['a negative one', { D: '-1.00' }, false],
    ['zero for the lowest', { D: '0' }, true],
  ])('thresholds with %s are accepted: %#', (_case, change, accepted) => {
    expect(KEY_ACCOUNT_SETTINGS.thresholds.schema.safeParse({ ...THRESHOLDS, ...change }).success).toBe(
      accepted,
    );
  });

  test.each([
    ['A', 0, true],
    ['A', 2, true],
    ['A', 3, false],
    ['B', 0, false],
  ] as const)('level %s with %i higher targets is special: %s', (level, higher, special) => {
    expect(specialByDefault(level, higher, 3)).toBe(special);
  });
});

describe('calls that a week asks for', () => {
  test.each([
    ['A', null, 2],
    ['B', null, 2],
    ['C', null, 2],
    ['D', null, 1],
    ['A', 'A', 2],
    ['D', 'A', 1],
    ['D', 'B', 1],
    ['D', 'C', 1],
    ['D', 'D', 1],
    ['C', 'D', 2],
  ] as const)('level %s with a grade %s file: %i', (level, grade, calls) => {
    expect(requiredCalls(level, grade, POLICY)).toBe(calls);
  });

  test.each([
    ['stricter than the level', { calls: 3, weeks: 1 }, 3],
    ['five in two weeks, rounded up', { calls: 5, weeks: 2 }, 3],
    ['two in two weeks, looser than the level', { calls: 2, weeks: 2 }, 2],
    ['none', { calls: 0, weeks: 1 }, 2],
  ])('a grade that asks for %s', (_case, grade, calls) => {
    const policy = { ...POLICY, byGrade: { ...POLICY.byGrade, A: grade } };
    expect(requiredCalls('C', 'A', policy)).toBe(calls);
  });

  test('the cadence names level D, which asks for more visits than C', () => {
    expect(cadenceAnomalies(POLICY.byLevel)).toEqual([{ level: 'D', than: 'C', of: 'visitsPerMonth' }]);
    const mended = { ...POLICY.byLevel, D: { visitsPerMonth: 1, callsPerWeek: 1 } };
    expect(cadenceAnomalies(mended)).toEqual([]);
  });

  test.each([
    ['PHONE', 'REACHED', true],
    ['PHONE', 'NOT_REACHED', false],
    ['EMAIL', 'REACHED', false],
    ['MESSAGE', 'REACHED', false],
    ['ON_SITE', 'REACHED', false],
  ] as const)('%s %s counts: %s', (channel, outcome, counts) => {
    expect(countsAsCall({ channel, outcome })).toBe(counts);
  });
});

describe('weeks', () => {
  test.each([
    ['on Wednesday: the next', '2026-11-25 10:00', '2026-W49'],
    ['on the very first instant: this one', '2026-11-23 00:00', '2026-W48'],
    ['a millisecond later: the next', '2026-11-23 00:00:00.001', '2026-W49'],
    ['on Sunday night: the next', '2026-11-22 23:59:59', '2026-W48'],
    ['in week 53', '2027-01-01 12:00', '2027-W01'],
  ])('promoted %s is the first full week', (_case, promotedAt, week) => {
    expect(firstWeek(shanghai(promotedAt), SHANGHAI).key).toBe(week);
  });

  test.each([
    ['before its end: itself', '2026-11-29 23:59:59.999', ['2026-W48']],
    ['at its end: it and the one that begins', '2026-11-30 00:00', ['2026-W48', '2026-W49']],
    [
      'three weeks later: each in between, and the present one',
      '2026-12-14 08:00',
      ['2026-W48', '2026-W49', '2026-W50', '2026-W51'],
    ],
  ])('judged %s', (_case, now, weeks) => {
    const since = weeksSince(parsePeriod('2026-W48', SHANGHAI), shanghai(now), SHANGHAI);
    expect(since.map((week) => week.key)).toEqual(weeks);
  });

  const week = parsePeriod('2026-W48', SHANGHAI);
  // 80 % of 168 hours.
  const warning = shanghai('2026-11-23 00:00') + 134.4 * HOUR;

  test.each([
    ['at the beginning', 0, week.start, { state: 'OPEN', step: 0, nextAt: warning }],
    ['just before 80 %', 1, warning - 1, { state: 'OPEN', step: 0, nextAt: warning }],
    ['at 80 %', 1, warning, { state: 'WARNED', step: 1, nextAt: week.end }],
    ['in the last moment', 1, week.end - 1, { state: 'WARNED', step: 1, nextAt: week.end }],
    ['at the end', 1, week.end, { state: 'OVERDUE', step: 2, nextAt: null }],
    [
      'met early, to be looked at again at its end',
      2,
      week.start,
      { state: 'MET', step: 0, nextAt: week.end },
    ],
    ['met at the end', 2, week.end, { state: 'MET', step: 0, nextAt: null }],
    ['more than enough', 5, week.end, { state: 'MET', step: 0, nextAt: null }],
  ] as const)('a week %s, with %i of 2 calls', (_case, done, now, verdict) => {
    expect(warnAt(week, 0.8)).toBe(warning);
    expect(judgeWeek(week, { required: 2, done }, now, 0.8)).toEqual(verdict);
  });
});

describe('who hears of a missed week', () => {
  const account = { ownerId: 'owner', specialistId: 'specialist', supervisorId: 'supervisor' };

  test.each([
    ['the first', account, false, { roles: [], employees: ['owner'] }],
    [
      'the second in a row',
      account,
      true,
      { roles: ['SALES_SUPERVISOR'], employees: ['owner', 'supervisor'] },
    ],
    [
      'of a customer that nobody owns',
      { ...account, ownerId: null },
      false,
      { roles: [], employees: ['specialist'] },
    ],
    [
      'the second, without a supervisor of its own',
      { ...account, supervisorId: null },
      true,
      { roles: ['SALES_SUPERVISOR', 'KA_SUPERVISOR'], employees: ['owner'] },
    ],
  ])('%s', (_case, facts, before, audience) => {
    expect(overdueAudience(facts, before)).toEqual(audience);
  });
});

describe('a contact', () => {
  const now = new Date('2026-11-23T01:00:00Z');
  const complete: ContactFacts = { channel: 'PHONE', contactId: 'x', at: now, content: '询问发货计划' };

  function refused(facts: ContactFacts): string[] {
    const issues = new Issues();
    expectContactFacts(issues, facts, now);
    try {
      issues.throwIfAny();
    } catch (error) {
      if (error instanceof InvalidInput) return error.issues.map((issue) => issue.path.join('.'));
      throw error;
    }
    return [];
  }

  test.each<[string, Partial<ContactFacts>, string[]]>([
    ['by phone with everything, at this very instant', {}, []],
    ['by phone without a person', { contactId: null }, ['contactId']],
    ['by phone without a time', { at: undefined }, ['at']],
    ['by phone with blank content', { content: '  ' }, ['content']],
    [
      'by phone with nothing',
      { contactId: undefined, at: null, content: null },
      ['contactId', 'at', 'content'],
    ],
    ['a millisecond in the future', { at: new Date(now.getTime() + 1) }, ['at']],
    ['by message without person and time', { channel: 'MESSAGE', contactId: null, at: null }, []],
    ['by message without content', { channel: 'MESSAGE', content: '' }, ['content']],
    ['with content beyond the limit', { content: 'x'.repeat(4_001) }, ['content']],
  ])('%s', (_case, change, paths) => {
    expect(refused({ ...complete, ...change })).toEqual(paths);
  });
});

describe('states and rights', () => {
  test.each<[KeyAccountStatus, KeyAccountAction, KeyAccountStatus | null]>([
    ['NONE', 'keyAccountPromote', 'ACTIVE'],
    ['NONE', 'keyAccountEnd', null],
    ['ACTIVE', 'keyAccountPromote', null],
    ['ACTIVE', 'keyAccountUpdate', 'ACTIVE'],
    ['ACTIVE', 'keyAccountAssignSpecialist', 'ACTIVE'],
    ['ACTIVE', 'keyAccountEnd', 'ENDED'],
    ['ENDED', 'keyAccountPromote', 'ACTIVE'],
    ['ENDED', 'keyAccountUpdate', null],
    ['ENDED', 'keyAccountAssignSpecialist', null],
    ['ENDED', 'keyAccountEnd', null],
  ])('%s: %s leads to %s', (from, action, to) => {
    if (to === null) expect(() => changeStatus(from, action)).toThrow(IllegalTransition);
    else expect(changeStatus(from, action)).toBe(to);
  });

  const writer = { writes: true, approves: false };
  const approver = { writes: false, approves: true };
  test.each([
    ['service by who writes', { service: true, rank: false }, writer, null],
    ['service by who only approves', { service: true, rank: false }, approver, 'write'],
    ['rank by who only writes', { service: false, rank: true }, writer, 'approve'],
    ['rank by who approves', { service: false, rank: true }, approver, null],
    ['a target by who writes', { service: false, rank: false }, writer, null],
    ['anything by others', { service: false, rank: false }, { writes: false, approves: false }, 'write'],
  ] as const)('%s lacks %s', (_case, change, rights, missing) => {
    expect(missingRight(change, rights)).toBe(missing);
  });

  test.each([
    ['B', false, true],
    [null, false, true],
    ['A', false, false],
    ['A', true, true],
  ] as const)('a grade %s file (open: %s) can be opened to others: %s', (grade, fileOpen, opens) => {
    expect(opensFile({ grade, fileOpen })).toBe(opens);
  });

  test('rights as data say why not', () => {
    const rights = { writes: false, approves: true, contacts: false, opens: false };
    const reasons = (status: KeyAccountStatus) =>
      Object.fromEntries(keyAccountActions(status, rights).map(({ action, reason }) => [action, reason]));
    expect(reasons('ACTIVE')).toEqual({
      keyAccountPromote: 'STATUS_ACTIVE',
      keyAccountUpdate: null,
      keyAccountAssignSpecialist: 'GRADE_A_DEDICATED_ONLY',
      keyAccountEnd: null,
      contactLogRecord: 'FORBIDDEN',
    });
    expect(reasons('ENDED')).toMatchObject({
      keyAccountPromote: 'GRADE_A_DEDICATED_ONLY',
      keyAccountEnd: 'STATUS_ENDED',
    });
  });
});
