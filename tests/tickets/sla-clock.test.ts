import { describe, expect, test } from 'vitest';
import {
  type BusinessCalendar,
  businessCalendar,
  type CalendarDefinition,
} from '../../src/lib/business-calendar.ts';
import { zonedInstant } from '../../src/lib/periods.ts';
import {
  LIMIT_KINDS,
  type LimitClock,
  type LimitKind,
  type LimitState,
  type SlaFacts,
  type SlaTerms,
  slaClock,
} from '../../src/tickets/rules/sla-clock.ts';
import {
  countTicks,
  dayText,
  type Grid,
  gridOf,
  pick,
  type PlainCalendar,
  plainCalendar,
  type Random,
  runningIntervals,
  seeded,
} from './slow-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const SHANGHAI = 'Asia/Shanghai';
const HOURS = ['08:00-17:30'];
const DESK: CalendarDefinition = {
  code: 'DESK',
  timeZone: SHANGHAI,
  alwaysOpen: false,
  weekly: { 1: HOURS, 2: HOURS, 3: HOURS, 4: HOURS, 5: HOURS, 6: [], 7: [] },
  holidays: ['2026-10-01', '2026-10-02', '2026-10-05', '2026-10-06', '2026-10-07'],
  extraWorkdays: [{ day: '2026-09-27' }, { day: '2026-10-10' }],
};
const desk = businessCalendar(DESK);
const aroundTheClock = businessCalendar({ ...DESK, code: '24X7', alwaysOpen: true });

/** Rulebook section 6. */
const POLICIES = {
  INQUIRY: terms(desk, { FIRST_RESPONSE: 'PT2H', RESOLUTION: 'P1D' }),
  SHIPMENT_QUERY: terms(desk, { FIRST_RESPONSE: 'PT2H', PROGRESS: 'P1D', RESOLUTION: 'P1D' }),
  GENERAL_COMPLAINT: terms(aroundTheClock, {
    ACKNOWLEDGE: 'PT30M',
    FIRST_RESPONSE: 'PT24H',
    PROGRESS: 'PT24H',
    RESOLUTION: 'PT72H',
  }),
  SERIOUS_COMPLAINT: terms(aroundTheClock, {
    ACKNOWLEDGE: 'PT15M',
    FIRST_RESPONSE: 'PT8H',
    DECISION: 'PT4H',
    PROGRESS: 'PT12H',
    RESOLUTION: 'PT48H',
  }),
};
const { INQUIRY, SHIPMENT_QUERY, GENERAL_COMPLAINT, SERIOUS_COMPLAINT } = POLICIES;

function terms(calendar: BusinessCalendar, limits: SlaTerms['limits']): Omit<SlaTerms, 'from'> {
  return {
    policyCode: 'STANDARD',
    policyVersion: 1,
    calendarCode: 'DESK',
    calendarVersion: 1,
    limits,
    factor: 1,
    calendar,
    pauseWhileWaiting: false,
    atRiskShare: 0.8,
  };
}

/** Wall clock in Shanghai; 23 November 2026 is a Monday. */
function at(wallClock: string): number {
  return zonedInstant(wallClock, SHANGHAI);
}

function shown(instant: number | null): string | null {
  return instant === null ? null : new Date(instant + 8 * HOUR).toISOString().slice(0, 16).replace('T', ' ');
}

type Change = readonly [from: string, terms: Omit<SlaTerms, 'from'>];

function ticket(startedAt: string, first: Omit<SlaTerms, 'from'>, changes: readonly Change[] = []): SlaFacts {
  return {
    startedAt: at(startedAt),
    terms: [
      { ...first, from: at(startedAt) },
      ...changes.map(([from, next]) => ({ ...next, from: at(from) })),
    ],
    waits: [],
    customerReplies: [],
    acknowledgedAt: null,
    firstRespondedAt: null,
    planProposedAt: null,
    decidedAt: null,
    progressNoticesAt: [],
    resolvedAt: null,
    cancelledAt: null,
  };
}

function limitOf(facts: SlaFacts, kind: LimitKind, now: string): LimitClock | undefined {
  return slaClock(facts, at(now)).limits.find((limit) => limit.kind === kind);
}

function dueOf(facts: SlaFacts, kind: LimitKind, now: string): string | null | undefined {
  const limit = limitOf(facts, kind, now);
  return limit && shown(limit.dueAt);
}

const keyAccount = (policy: Omit<SlaTerms, 'from'>) => ({ ...policy, factor: 0.5 });
const pausing = (policy: Omit<SlaTerms, 'from'>) => ({ ...policy, pauseWhileWaiting: true });

describe('[TIC-36] limits count from receipt, complaints around the clock, the others in business hours', () => {
  test.each<[string, Omit<SlaTerms, 'from'>, string, Partial<Record<LimitKind, string>>]>([
    [
      'an inquiry in the morning',
      INQUIRY,
      '2026-11-23 08:00',
      { FIRST_RESPONSE: '2026-11-23 10:00', RESOLUTION: '2026-11-23 17:30' },
    ],
    [
      'an inquiry on Friday afternoon',
      INQUIRY,
      '2026-11-27 16:30',
      { FIRST_RESPONSE: '2026-11-30 09:00', RESOLUTION: '2026-11-30 16:30' },
    ],
    [
      'an inquiry at night',
      INQUIRY,
      '2026-11-23 22:00',
      { FIRST_RESPONSE: '2026-11-24 10:00', RESOLUTION: '2026-11-24 17:30' },
    ],
    [
      'a query before the holiday week',
      SHIPMENT_QUERY,
      '2026-09-30 16:30',
      { FIRST_RESPONSE: '2026-10-08 09:00', PROGRESS: '2026-10-08 16:30', RESOLUTION: '2026-10-08 16:30' },
    ],
    [
      'a query on a make-up Sunday',
      SHIPMENT_QUERY,
      '2026-09-27 09:00',
      { FIRST_RESPONSE: '2026-09-27 11:00', PROGRESS: '2026-09-28 09:00', RESOLUTION: '2026-09-28 09:00' },
    ],
    [
      'a query of a key account',
      keyAccount(SHIPMENT_QUERY),
      '2026-11-23 08:00',
      { FIRST_RESPONSE: '2026-11-23 09:00', PROGRESS: '2026-11-23 12:45', RESOLUTION: '2026-11-23 12:45' },
    ],
    [
      'an inquiry under a contract that is always open',
      { ...INQUIRY, calendar: aroundTheClock },
      '2026-11-28 22:00',
      { FIRST_RESPONSE: '2026-11-29 00:00', RESOLUTION: '2026-11-29 22:00' },
    ],
    [
      'a general complaint on Saturday night',
      GENERAL_COMPLAINT,
      '2026-11-28 23:50',
      {
        ACKNOWLEDGE: '2026-11-29 00:20',
        FIRST_RESPONSE: '2026-11-29 23:50',
        PROGRESS: '2026-11-29 23:50',
        RESOLUTION: '2026-12-01 23:50',
      },
    ],
    [
      'a serious complaint',
      SERIOUS_COMPLAINT,
      '2026-11-23 10:00',
      {
        ACKNOWLEDGE: '2026-11-23 10:15',
        FIRST_RESPONSE: '2026-11-23 18:00',
        PROGRESS: '2026-11-23 22:00',
        RESOLUTION: '2026-11-25 10:00',
      },
    ],
    [
      'a general complaint of a grade A customer',
      keyAccount(GENERAL_COMPLAINT),
      '2026-11-23 10:00',
      {
        ACKNOWLEDGE: '2026-11-23 10:15',
        FIRST_RESPONSE: '2026-11-23 22:00',
        PROGRESS: '2026-11-23 22:00',
        RESOLUTION: '2026-11-24 22:00',
      },
    ],
  ])('%s', (_, policy, startedAt, due) => {
    const { limits } = slaClock(ticket(startedAt, policy), at(startedAt));
    expect(Object.fromEntries(limits.map((limit) => [limit.kind, shown(limit.dueAt)]))).toEqual(due);
    expect(limits.every((limit) => limit.startsAt === at(startedAt))).toBe(true);
  });

  test('limits come in a fixed order, those that the policy does not set not at all', () => {
    const { limits } = slaClock(
      ticket('2026-11-23 10:00', terms(desk, { RESOLUTION: 'P1D', FIRST_RESPONSE: 'PT2H', PROGRESS: null })),
      at('2026-11-23 10:00'),
    );
    expect(limits.map((limit) => limit.kind)).toEqual(['FIRST_RESPONSE', 'RESOLUTION']);
  });

  test('[TIC-12] a complaint has a final due instant at every moment, awaited customer or not', () => {
    const facts = {
      ...ticket('2026-11-23 10:00', GENERAL_COMPLAINT),
      waits: [{ from: at('2026-11-23 11:00'), to: null }],
    };
    for (const now of ['2026-11-23 10:00', '2026-11-23 12:00', '2026-12-24 12:00']) {
      expect(dueOf(facts, 'RESOLUTION', now)).toBe('2026-11-26 10:00');
    }
  });

  test('a decision counts from the plan, and from a new plan again', () => {
    const facts = ticket('2026-11-23 10:00', SERIOUS_COMPLAINT);
    expect(limitOf(facts, 'DECISION', '2026-11-23 12:00')).toBeUndefined();

    const planned = { ...facts, planProposedAt: at('2026-11-23 15:00') };
    expect(dueOf(planned, 'DECISION', '2026-11-23 15:00')).toBe('2026-11-23 19:00');

    const decided = { ...planned, decidedAt: at('2026-11-23 19:00') };
    expect(limitOf(decided, 'DECISION', '2026-11-23 19:00')).toMatchObject({
      state: 'MET',
      metAt: at('2026-11-23 19:00'),
    });

    const again = { ...decided, planProposedAt: at('2026-11-23 20:00') };
    expect(limitOf(again, 'DECISION', '2026-11-23 20:00')).toMatchObject({ state: 'RUNNING', metAt: null });
    expect(dueOf(again, 'DECISION', '2026-11-23 20:00')).toBe('2026-11-24 00:00');
  });

  test('a general complaint has no limit for a decision', () => {
    const facts = {
      ...ticket('2026-11-23 10:00', GENERAL_COMPLAINT),
      planProposedAt: at('2026-11-23 15:00'),
    };
    expect(limitOf(facts, 'DECISION', '2026-11-23 15:00')).toBeUndefined();
  });

  test('a progress notice counts from the last one, until the ticket is resolved', () => {
    const facts = ticket('2026-11-23 10:00', SERIOUS_COMPLAINT);
    expect(dueOf(facts, 'PROGRESS', '2026-11-23 10:00')).toBe('2026-11-23 22:00');

    const noticed = { ...facts, progressNoticesAt: [at('2026-11-24 06:00'), at('2026-11-23 20:00')] };
    expect(limitOf(noticed, 'PROGRESS', '2026-11-24 06:00')).toMatchObject({
      startsAt: at('2026-11-24 06:00'),
      state: 'RUNNING',
    });
    expect(dueOf(noticed, 'PROGRESS', '2026-11-24 06:00')).toBe('2026-11-24 18:00');

    const resolved = { ...noticed, resolvedAt: at('2026-11-24 17:00') };
    expect(limitOf(resolved, 'PROGRESS', '2026-11-25 17:00')).toMatchObject({
      state: 'MET',
      metAt: at('2026-11-24 17:00'),
    });
    const resolvedLate = { ...noticed, resolvedAt: at('2026-11-24 18:01') };
    expect(limitOf(resolvedLate, 'PROGRESS', '2026-11-25 17:00')).toMatchObject({ state: 'MET_LATE' });
    const noticedAfterwards = {
      ...resolved,
      progressNoticesAt: [...noticed.progressNoticesAt, at('2026-11-25 09:00')],
    };
    expect(limitOf(noticedAfterwards, 'PROGRESS', '2026-11-25 17:00')).toMatchObject({
      startsAt: at('2026-11-24 06:00'),
    });
  });
});

describe('the state of a limit, boundaries first', () => {
  // A final limit of 72 h from Monday 10:00: at risk from 57 h 36 min, due on Thursday 10:00.
  const facts = ticket('2026-11-23 10:00', GENERAL_COMPLAINT);

  test.each<[string, Partial<SlaFacts>, string, LimitState]>([
    ['at the start', {}, '2026-11-23 10:00', 'RUNNING'],
    ['a millisecond before 80 %', {}, '2026-11-25 19:35:59.999', 'RUNNING'],
    ['at 80 %', {}, '2026-11-25 19:36', 'AT_RISK'],
    ['a millisecond before it is due', {}, '2026-11-26 09:59:59.999', 'AT_RISK'],
    ['at its due instant', {}, '2026-11-26 10:00', 'OVERDUE'],
    ['a month later', {}, '2026-12-26 10:00', 'OVERDUE'],
    ['resolved at its due instant', { resolvedAt: at('2026-11-26 10:00') }, '2026-11-26 10:00', 'MET'],
    [
      'resolved a millisecond late',
      { resolvedAt: at('2026-11-26 10:00:00.001') },
      '2026-11-27 10:00',
      'MET_LATE',
    ],
    ['resolved at once', { resolvedAt: at('2026-11-23 10:00') }, '2026-11-23 10:00', 'MET'],
    ['resolved long ago', { resolvedAt: at('2026-11-24 10:00') }, '2027-11-24 10:00', 'MET'],
    ['cancelled', { cancelledAt: at('2026-11-24 10:00') }, '2026-11-24 10:00', 'CANCELLED'],
    [
      'cancelled when already overdue',
      { cancelledAt: at('2026-11-28 10:00') },
      '2026-11-28 10:00',
      'CANCELLED',
    ],
    [
      'resolved, later cancelled',
      { resolvedAt: at('2026-11-24 10:00'), cancelledAt: at('2026-11-25 10:00') },
      '2026-11-25 10:00',
      'MET',
    ],
  ])('%s: the final limit', (_, changes, now, state) => {
    expect(limitOf({ ...facts, ...changes }, 'RESOLUTION', now)?.state).toBe(state);
  });

  test('the share that warns is the one of the terms in force', () => {
    const changed = ticket('2026-11-23 10:00', GENERAL_COMPLAINT, [
      ['2026-11-23 11:00', { ...GENERAL_COMPLAINT, atRiskShare: 0.5 }],
    ]);
    expect(shown(limitOf(changed, 'RESOLUTION', '2026-11-23 10:30')?.warnAt ?? null)).toBe(
      '2026-11-25 19:36',
    );
    expect(shown(limitOf(changed, 'RESOLUTION', '2026-11-23 11:00')?.warnAt ?? null)).toBe(
      '2026-11-24 22:00',
    );
  });

  test('the warning comes after 80 % of the running time, not of the time on the wall', () => {
    // 9 h 30 min in all, half an hour of them on Friday: 7 h 36 min have passed on Monday at 15:06.
    const limit = limitOf(ticket('2026-11-27 17:00', INQUIRY), 'RESOLUTION', '2026-11-27 17:00');
    expect(shown(limit?.dueAt ?? null)).toBe('2026-11-30 17:00');
    expect(shown(limit?.warnAt ?? null)).toBe('2026-11-30 15:06');
  });

  test('what answered a limit meets it, in time or late', () => {
    const answered = {
      ...facts,
      acknowledgedAt: at('2026-11-23 10:30'),
      firstRespondedAt: at('2026-11-24 10:01'),
    };
    expect(limitOf(answered, 'ACKNOWLEDGE', '2026-11-25 00:00')).toMatchObject({
      state: 'MET',
      metAt: answered.acknowledgedAt,
    });
    expect(limitOf(answered, 'FIRST_RESPONSE', '2026-11-25 00:00')).toMatchObject({
      state: 'MET_LATE',
      metAt: answered.firstRespondedAt,
    });
    expect(limitOf(answered, 'RESOLUTION', '2026-11-25 00:00')).toMatchObject({
      state: 'RUNNING',
      metAt: null,
    });
  });

  test('the resolution answers what is still open, a cancellation ends it', () => {
    const planned = {
      ...ticket('2026-11-23 10:00', SERIOUS_COMPLAINT),
      acknowledgedAt: at('2026-11-23 10:05'),
      planProposedAt: at('2026-11-23 11:00'),
    };
    const states = (changes: Partial<SlaFacts>) =>
      slaClock({ ...planned, ...changes }, at('2026-11-24 00:00')).limits.map(({ kind, state, metAt }) => [
        kind,
        state,
        shown(metAt),
      ]);

    expect(states({ resolvedAt: at('2026-11-23 18:01') })).toEqual([
      ['ACKNOWLEDGE', 'MET', '2026-11-23 10:05'],
      ['FIRST_RESPONSE', 'MET_LATE', '2026-11-23 18:01'],
      ['DECISION', 'MET_LATE', '2026-11-23 18:01'],
      ['PROGRESS', 'MET', '2026-11-23 18:01'],
      ['RESOLUTION', 'MET', '2026-11-23 18:01'],
    ]);
    expect(states({ cancelledAt: at('2026-11-23 12:00') })).toEqual([
      ['ACKNOWLEDGE', 'MET', '2026-11-23 10:05'],
      ['FIRST_RESPONSE', 'CANCELLED', null],
      ['DECISION', 'CANCELLED', null],
      ['PROGRESS', 'CANCELLED', null],
      ['RESOLUTION', 'CANCELLED', null],
    ]);
  });

  test('an acknowledgement recorded after the resolution does not make it late', () => {
    const resolved = { ...facts, resolvedAt: at('2026-11-23 10:20'), acknowledgedAt: at('2026-11-23 11:00') };
    expect(limitOf(resolved, 'ACKNOWLEDGE', '2026-11-24 00:00')).toMatchObject({
      state: 'MET',
      metAt: resolved.resolvedAt,
    });
  });
});

describe('[TIC-36] a change of terms moves the open limits', () => {
  const HALVED = keyAccount(GENERAL_COMPLAINT);

  test.each<[string, Omit<SlaTerms, 'from'>, readonly Change[], Partial<Record<LimitKind, string>>]>([
    // A general complaint of Monday 10:00 falls due on Thursday 10:00.
    [
      'made serious early: the change plus 48 h, its plan the change plus 8 h',
      GENERAL_COMPLAINT,
      [['2026-11-23 12:00', SERIOUS_COMPLAINT]],
      { RESOLUTION: '2026-11-25 12:00', FIRST_RESPONSE: '2026-11-23 20:00' },
    ],
    [
      'made serious at the start: as if it had always been',
      GENERAL_COMPLAINT,
      [['2026-11-23 10:00', SERIOUS_COMPLAINT]],
      { RESOLUTION: '2026-11-25 10:00', FIRST_RESPONSE: '2026-11-23 18:00' },
    ],
    [
      'made serious after 24 h: both ways meet',
      GENERAL_COMPLAINT,
      [['2026-11-24 10:00', SERIOUS_COMPLAINT]],
      { RESOLUTION: '2026-11-26 10:00' },
    ],
    [
      'made serious after 60 h: not overdue at once, the old due instant stays',
      GENERAL_COMPLAINT,
      [['2026-11-25 22:00', SERIOUS_COMPLAINT]],
      { RESOLUTION: '2026-11-26 10:00' },
    ],
    [
      'made serious when overdue: stays overdue',
      GENERAL_COMPLAINT,
      [['2026-11-27 10:00', SERIOUS_COMPLAINT]],
      { RESOLUTION: '2026-11-26 10:00' },
    ],
    [
      'becomes a key account: half of all limits from the change',
      GENERAL_COMPLAINT,
      [['2026-11-23 12:00', HALVED]],
      { RESOLUTION: '2026-11-25 00:00', FIRST_RESPONSE: '2026-11-24 00:00' },
    ],
    [
      'made general: 72 h from receipt',
      SERIOUS_COMPLAINT,
      [['2026-11-24 20:00', GENERAL_COMPLAINT]],
      { RESOLUTION: '2026-11-26 10:00' },
    ],
    [
      'made general when overdue: due again',
      SERIOUS_COMPLAINT,
      [['2026-11-25 20:00', GENERAL_COMPLAINT]],
      { RESOLUTION: '2026-11-26 10:00' },
    ],
    [
      'no longer a key account: the full limit from receipt',
      HALVED,
      [['2026-11-24 12:00', GENERAL_COMPLAINT]],
      { RESOLUTION: '2026-11-26 10:00' },
    ],
    [
      'serious and general again: as if nothing had been',
      GENERAL_COMPLAINT,
      [
        ['2026-11-23 12:00', SERIOUS_COMPLAINT],
        ['2026-11-23 13:00', GENERAL_COMPLAINT],
      ],
      { RESOLUTION: '2026-11-26 10:00', FIRST_RESPONSE: '2026-11-24 10:00' },
    ],
    [
      'serious, then a key account too: tightened twice',
      GENERAL_COMPLAINT,
      [
        ['2026-11-23 12:00', SERIOUS_COMPLAINT],
        ['2026-11-23 14:00', keyAccount(SERIOUS_COMPLAINT)],
      ],
      { RESOLUTION: '2026-11-24 14:00' },
    ],
    [
      'a new version of the policy with the same limits: nothing moves',
      GENERAL_COMPLAINT,
      [['2026-11-24 10:00', { ...GENERAL_COMPLAINT, policyVersion: 2 }]],
      { RESOLUTION: '2026-11-26 10:00' },
    ],
    [
      'two changes at once: only the last counts',
      GENERAL_COMPLAINT,
      [
        ['2026-11-23 20:00', keyAccount(SERIOUS_COMPLAINT)],
        ['2026-11-23 20:00', SERIOUS_COMPLAINT],
      ],
      { RESOLUTION: '2026-11-25 20:00' },
    ],
    [
      'a change still to come: nothing moves yet',
      GENERAL_COMPLAINT,
      [['2027-01-01 00:00', SERIOUS_COMPLAINT]],
      { RESOLUTION: '2026-11-26 10:00' },
    ],
    // Late in its life the complaint is made serious for a key account (24 h) and keeps Thursday 10:00; the key account
    // ends (48 h). That loosens nothing that has been tightened, and puts no due instant into the past.
    [
      'loosened a little after it was tightened: never earlier than before',
      GENERAL_COMPLAINT,
      [
        ['2026-11-26 08:00', keyAccount(SERIOUS_COMPLAINT)],
        ['2026-11-26 09:00', SERIOUS_COMPLAINT],
      ],
      { RESOLUTION: '2026-11-26 10:00' },
    ],
  ])('%s', (_, first, changes, due) => {
    const facts = ticket('2026-11-23 10:00', first, changes);
    for (const [kind, instant] of Object.entries(due)) {
      expect(dueOf(facts, kind as LimitKind, '2026-11-28 00:00'), kind).toBe(instant);
    }
  });

  test('raising the severity never makes a limit overdue at once, whenever it comes', () => {
    for (let minute = 0; minute < 72 * 60; minute += 7) {
      const changedAt = at('2026-11-23 10:00') + minute * MINUTE;
      const before = ticket('2026-11-23 10:00', GENERAL_COMPLAINT);
      const after = {
        ...before,
        terms: [...before.terms, { ...keyAccount(SERIOUS_COMPLAINT), from: changedAt }],
      };
      const overdue = (facts: SlaFacts) =>
        slaClock(facts, changedAt)
          .limits.filter((limit) => limit.state === 'OVERDUE')
          .map((limit) => limit.kind);
      expect(overdue(after)).toEqual(overdue(before));
    }
  });

  test('a limit that was met before the change stays met, with the due instant it had', () => {
    const facts = {
      ...ticket('2026-11-23 10:00', GENERAL_COMPLAINT, [['2026-11-23 20:00', keyAccount(SERIOUS_COMPLAINT)]]),
      firstRespondedAt: at('2026-11-23 20:00'),
    };
    expect(limitOf(facts, 'FIRST_RESPONSE', '2026-11-23 21:00')).toMatchObject({
      state: 'MET',
      dueAt: at('2026-11-24 10:00'),
    });
  });

  test('a limit that a change brings counts from the change, or from its own later start', () => {
    const serious = ticket('2026-11-23 10:00', GENERAL_COMPLAINT, [['2026-11-23 16:00', SERIOUS_COMPLAINT]]);
    const plannedBefore = { ...serious, planProposedAt: at('2026-11-23 11:00') };
    expect(limitOf(plannedBefore, 'DECISION', '2026-11-23 15:59')).toBeUndefined();
    expect(limitOf(plannedBefore, 'DECISION', '2026-11-23 16:00')).toMatchObject({
      startsAt: at('2026-11-23 16:00'),
      dueAt: at('2026-11-23 20:00'),
    });
    const plannedAfter = { ...serious, planProposedAt: at('2026-11-23 18:00') };
    expect(limitOf(plannedAfter, 'DECISION', '2026-11-23 18:00')).toMatchObject({
      startsAt: at('2026-11-23 18:00'),
      dueAt: at('2026-11-23 22:00'),
    });
  });

  test('a limit that a change brings is not there for what was answered before', () => {
    const facts = {
      ...ticket('2026-11-23 10:00', GENERAL_COMPLAINT, [['2026-11-23 16:00', SERIOUS_COMPLAINT]]),
      planProposedAt: at('2026-11-23 11:00'),
      decidedAt: at('2026-11-23 12:00'),
    };
    expect(limitOf(facts, 'DECISION', '2026-11-23 17:00')).toBeUndefined();
  });

  test('a limit that a change takes away is gone, and counts anew when it comes back', () => {
    const facts = {
      ...ticket('2026-11-23 10:00', SERIOUS_COMPLAINT, [
        ['2026-11-23 12:00', GENERAL_COMPLAINT],
        ['2026-11-23 13:00', SERIOUS_COMPLAINT],
      ]),
      planProposedAt: at('2026-11-23 11:00'),
    };
    expect(dueOf(facts, 'DECISION', '2026-11-23 11:59')).toBe('2026-11-23 15:00');
    expect(limitOf(facts, 'DECISION', '2026-11-23 12:30')).toBeUndefined();
    expect(dueOf(facts, 'DECISION', '2026-11-23 13:00')).toBe('2026-11-23 17:00');
  });

  test('a progress notice obeys the terms at the last notice and the changes after it', () => {
    const facts = {
      ...ticket('2026-11-23 10:00', GENERAL_COMPLAINT, [['2026-11-23 20:00', SERIOUS_COMPLAINT]]),
      progressNoticesAt: [at('2026-11-23 15:00')],
    };
    expect(dueOf(facts, 'PROGRESS', '2026-11-23 19:00')).toBe('2026-11-24 15:00');
    expect(dueOf(facts, 'PROGRESS', '2026-11-23 20:00')).toBe('2026-11-24 08:00');
    const noticed = { ...facts, progressNoticesAt: [at('2026-11-23 15:00'), at('2026-11-23 21:00')] };
    expect(dueOf(noticed, 'PROGRESS', '2026-11-23 21:00')).toBe('2026-11-24 09:00');
  });

  test.each<[string, Omit<SlaTerms, 'from'>, string, Omit<SlaTerms, 'from'>, string]>([
    // An inquiry of Friday 16:30 falls due on Monday 16:30; always open, on Saturday 16:30.
    [
      'to always open: the change plus one day of 24 h',
      INQUIRY,
      '2026-11-28 10:00',
      { ...INQUIRY, calendar: aroundTheClock },
      '2026-11-29 10:00',
    ],
    [
      'to always open, late: the old due instant',
      INQUIRY,
      '2026-11-30 10:00',
      { ...INQUIRY, calendar: aroundTheClock },
      '2026-11-30 16:30',
    ],
    [
      'from always open to business hours: loosened, from receipt',
      { ...INQUIRY, calendar: aroundTheClock },
      '2026-11-28 10:00',
      INQUIRY,
      '2026-11-30 16:30',
    ],
    [
      'a holiday is added: loosened',
      INQUIRY,
      '2026-11-28 10:00',
      { ...INQUIRY, calendar: businessCalendar({ ...DESK, holidays: ['2026-11-30'] }) },
      '2026-12-01 16:30',
    ],
    [
      'a make-up Saturday is added: tightened, the change plus one business day',
      INQUIRY,
      '2026-11-28 09:00',
      { ...INQUIRY, calendar: businessCalendar({ ...DESK, extraWorkdays: [{ day: '2026-11-28' }] }) },
      '2026-11-30 09:00',
    ],
  ])('a change of calendar is judged by what falls due when: %s', (_, first, changedAt, second, due) => {
    const facts = ticket('2026-11-27 16:30', first, [[changedAt, second]]);
    expect(dueOf(facts, 'RESOLUTION', changedAt)).toBe(due);
  });
});

describe('[TIC-36] time in which the customer is awaited', () => {
  const facts = {
    ...ticket('2026-11-23 09:00', pausing(INQUIRY)),
    waits: [{ from: at('2026-11-23 10:00'), to: at('2026-11-23 12:00') }],
  };

  test.each<[string, Partial<SlaFacts>, string]>([
    ['a pause moves the due instant by its open time', {}, '2026-11-24 11:00'],
    [
      'two pauses add up',
      { waits: [...facts.waits, { from: at('2026-11-23 14:00'), to: at('2026-11-23 14:30') }] },
      '2026-11-24 11:30',
    ],
    [
      'pauses that overlap count once',
      { waits: [...facts.waits, { from: at('2026-11-23 11:00'), to: at('2026-11-23 13:00') }] },
      '2026-11-24 12:00',
    ],
    [
      'a pause inside another counts once',
      { waits: [...facts.waits, { from: at('2026-11-23 10:30'), to: at('2026-11-23 11:00') }] },
      '2026-11-24 11:00',
    ],
    [
      'a pause over night counts its open time only',
      { waits: [{ from: at('2026-11-23 17:00'), to: at('2026-11-24 08:15') }] },
      '2026-11-24 09:45',
    ],
    [
      'a pause while closed moves nothing',
      { waits: [{ from: at('2026-11-23 18:00'), to: at('2026-11-24 07:00') }] },
      '2026-11-24 09:00',
    ],
    [
      'a pause before the start moves nothing',
      { waits: [{ from: at('2026-11-23 08:00'), to: at('2026-11-23 09:00') }] },
      '2026-11-24 09:00',
    ],
    [
      'a pause that lasts since before the start counts from it',
      { waits: [{ from: at('2026-11-23 08:00'), to: at('2026-11-23 09:30') }] },
      '2026-11-24 09:30',
    ],
    [
      'a pause that begins at the due instant moves nothing',
      { waits: [{ from: at('2026-11-24 09:00'), to: null }] },
      '2026-11-24 09:00',
    ],
    [
      'a pause of no length moves nothing',
      { waits: [{ from: at('2026-11-23 10:00'), to: at('2026-11-23 10:00') }] },
      '2026-11-24 09:00',
    ],
    ['a reply ends the pause', { customerReplies: [at('2026-11-23 10:30')] }, '2026-11-24 09:30'],
    [
      'the first of two replies does',
      { customerReplies: [at('2026-11-23 11:00'), at('2026-11-23 10:30')] },
      '2026-11-24 09:30',
    ],
    ['a reply before the pause does not', { customerReplies: [at('2026-11-23 09:59')] }, '2026-11-24 11:00'],
    [
      'a reply at its first instant came before it',
      { customerReplies: [at('2026-11-23 10:00')] },
      '2026-11-24 11:00',
    ],
    ['a reply at its end changes nothing', { customerReplies: [at('2026-11-23 12:00')] }, '2026-11-24 11:00'],
    [
      'a reply ends a pause that nobody ended',
      { waits: [{ from: at('2026-11-23 10:00'), to: null }], customerReplies: [at('2026-11-23 10:30')] },
      '2026-11-24 09:30',
    ],
    [
      'what was met does not move for a later pause',
      { firstRespondedAt: at('2026-11-23 09:30'), resolvedAt: at('2026-11-23 09:45') },
      '2026-11-24 09:00',
    ],
  ])('%s', (_, changes, due) => {
    expect(dueOf({ ...facts, ...changes }, 'RESOLUTION', '2026-11-24 18:00')).toBe(due);
  });

  test('nothing pauses unless the terms say so', () => {
    const unpaused = {
      ...facts,
      terms: [{ ...INQUIRY, from: facts.startedAt }],
      customerReplies: [at('2026-11-23 11:00')],
    };
    expect(dueOf(unpaused, 'RESOLUTION', '2026-11-23 18:00')).toBe('2026-11-24 09:00');
    expect(slaClock(unpaused, at('2026-11-23 18:00')).flags).toEqual([]);
    const announced = {
      ...unpaused,
      terms: [...unpaused.terms, { ...pausing(INQUIRY), from: at('2026-12-01 00:00') }],
    };
    expect(slaClock(announced, at('2026-11-23 18:00')).flags).toEqual([]);
  });

  test('while the customer is awaited, open limits have no due instant; answered and overdue ones have', () => {
    const awaited = {
      ...ticket('2026-11-23 09:00', pausing(SHIPMENT_QUERY)),
      waits: [{ from: at('2026-11-23 12:00'), to: null }],
    };
    expect(slaClock(awaited, at('2026-11-23 16:00')).limits).toMatchObject([
      { kind: 'FIRST_RESPONSE', state: 'OVERDUE', dueAt: at('2026-11-23 11:00') },
      { kind: 'PROGRESS', state: 'PAUSED', dueAt: null, warnAt: null },
      { kind: 'RESOLUTION', state: 'PAUSED', dueAt: null, warnAt: null, metAt: null },
    ]);
    const answered = { ...awaited, firstRespondedAt: at('2026-11-23 10:00') };
    expect(limitOf(answered, 'FIRST_RESPONSE', '2026-11-23 16:00')).toMatchObject({
      state: 'MET',
      dueAt: at('2026-11-23 11:00'),
    });
    const resolved = { ...awaited, resolvedAt: at('2026-11-25 16:00') };
    expect(limitOf(resolved, 'RESOLUTION', '2026-11-26 16:00')).toMatchObject({
      state: 'MET',
      metAt: resolved.resolvedAt,
    });
    const cancelled = { ...awaited, cancelledAt: at('2026-11-25 16:00') };
    expect(limitOf(cancelled, 'RESOLUTION', '2026-11-26 16:00')?.state).toBe('CANCELLED');
  });

  test('a warning waits like the due instant', () => {
    // 80 % of 9 h 30 min is 7 h 36 min, one hour of it before the pause of two.
    const limit = limitOf(facts, 'RESOLUTION', '2026-11-23 13:00');
    expect(shown(limit?.warnAt ?? null)).toBe('2026-11-24 09:06');
  });

  test('a pause that is cut by a reply is told', () => {
    const cut = { ...facts, customerReplies: [at('2026-11-23 10:30')] };
    expect(slaClock(cut, at('2026-11-23 13:00')).flags).toEqual([
      {
        code: 'PAUSE_CUT_BY_REPLY',
        from: at('2026-11-23 10:00'),
        to: at('2026-11-23 12:00'),
        repliedAt: at('2026-11-23 10:30'),
      },
    ]);
    for (const uncut of [
      facts,
      { ...facts, customerReplies: [at('2026-11-23 10:00')] },
      { ...facts, customerReplies: [at('2026-11-23 12:00')] },
      { ...cut, startedAt: at('2026-11-23 10:30') },
    ]) {
      expect(slaClock(uncut, at('2026-11-23 13:00')).flags).toEqual([]);
    }
  });

  test('terms that begin to pause count the pauses from the start, terms that cease to do so none', () => {
    const begins = {
      ...facts,
      terms: [
        { ...INQUIRY, from: facts.startedAt },
        { ...pausing(INQUIRY), from: at('2026-11-23 13:00') },
      ],
    };
    expect(dueOf(begins, 'RESOLUTION', '2026-11-23 13:00')).toBe('2026-11-24 11:00');
    const ceases = {
      ...facts,
      terms: [
        { ...pausing(INQUIRY), from: facts.startedAt },
        { ...INQUIRY, from: at('2026-11-23 11:00') },
      ],
    };
    expect(dueOf(ceases, 'RESOLUTION', '2026-11-23 13:00')).toBe('2026-11-24 11:00');
  });

  test('tightened within a pause, the new limit counts when the pause is over', () => {
    const tightened = {
      ...facts,
      terms: [...facts.terms, { ...keyAccount(pausing(INQUIRY)), from: at('2026-11-23 11:00') }],
    };
    expect(dueOf(tightened, 'RESOLUTION', '2026-11-23 13:00')).toBe('2026-11-23 16:45');
  });
});

describe('[TIC-37] a reopened ticket', () => {
  const first = {
    ...ticket('2026-11-02 10:00', GENERAL_COMPLAINT, [['2026-11-03 10:00', SERIOUS_COMPLAINT]]),
    acknowledgedAt: at('2026-11-02 10:10'),
    firstRespondedAt: at('2026-11-02 18:00'),
    planProposedAt: at('2026-11-02 18:00'),
    decidedAt: at('2026-11-02 19:00'),
    progressNoticesAt: [at('2026-11-03 09:00')],
    resolvedAt: at('2026-11-04 10:00'),
  };
  const reopened = { ...first, startedAt: at('2026-11-23 10:00') };

  test('has new limits from the reopening, under the terms then in force', () => {
    const { limits } = slaClock(reopened, at('2026-11-23 10:00'));
    expect(limits.map(({ kind, state, dueAt }) => [kind, state, shown(dueAt)])).toEqual([
      ['ACKNOWLEDGE', 'RUNNING', '2026-11-23 10:15'],
      ['FIRST_RESPONSE', 'RUNNING', '2026-11-23 18:00'],
      ['PROGRESS', 'RUNNING', '2026-11-23 22:00'],
      ['RESOLUTION', 'RUNNING', '2026-11-25 10:00'],
    ]);
  });

  test('counts new notices and answers, not those of the first cycle', () => {
    const going = {
      ...reopened,
      acknowledgedAt: at('2026-11-23 10:15'),
      progressNoticesAt: [...first.progressNoticesAt, at('2026-11-23 12:00')],
    };
    expect(limitOf(going, 'ACKNOWLEDGE', '2026-11-23 13:00')?.state).toBe('MET');
    expect(dueOf(going, 'PROGRESS', '2026-11-23 13:00')).toBe('2026-11-24 00:00');
  });
});

describe('the timeline explains the final due instant', () => {
  function story(facts: SlaFacts, now: string): string[] {
    return slaClock(facts, at(now))
      .timeline('RESOLUTION')
      .map((s) => `${shown(s.from)?.slice(5)} ${shown(s.to)?.slice(5)} ${s.kind} ${s.reason}`);
  }

  test('a complaint runs through, whatever changes', () => {
    expect(story(ticket('2026-11-23 10:00', GENERAL_COMPLAINT), '2026-11-23 10:00')).toEqual([
      '11-23 10:00 11-26 10:00 RUNNING OPEN',
    ]);
    expect(
      story(
        ticket('2026-11-23 10:00', GENERAL_COMPLAINT, [['2026-11-23 12:00', SERIOUS_COMPLAINT]]),
        '2026-12-23 10:00',
      ),
    ).toEqual(['11-23 10:00 11-25 12:00 RUNNING OPEN']);
  });

  test('an inquiry runs in business hours', () => {
    expect(story(ticket('2026-11-27 16:30', INQUIRY), '2026-11-27 16:30')).toEqual([
      '11-27 16:30 11-27 17:30 RUNNING OPEN',
      '11-27 17:30 11-28 00:00 CLOSED OUTSIDE_BUSINESS_HOURS',
      '11-28 00:00 11-30 00:00 CLOSED NON_WORKING_DAY',
      '11-30 00:00 11-30 08:00 CLOSED OUTSIDE_BUSINESS_HOURS',
      '11-30 08:00 11-30 16:30 RUNNING OPEN',
    ]);
  });

  test('a pause stands where it moved the due instant, the nights in it are closed', () => {
    const facts = {
      ...ticket('2026-11-23 16:00', pausing(INQUIRY)),
      waits: [{ from: at('2026-11-23 17:00'), to: at('2026-11-24 09:00') }],
    };
    expect(story(facts, '2026-11-25 00:00')).toEqual([
      '11-23 16:00 11-23 17:00 RUNNING OPEN',
      '11-23 17:00 11-23 17:30 PAUSED CUSTOMER_AWAITED',
      '11-23 17:30 11-24 08:00 CLOSED OUTSIDE_BUSINESS_HOURS',
      '11-24 08:00 11-24 09:00 PAUSED CUSTOMER_AWAITED',
      '11-24 09:00 11-24 17:30 RUNNING OPEN',
    ]);
  });

  test('a pause that is cut says so', () => {
    const facts = {
      ...ticket('2026-11-23 08:00', pausing(INQUIRY)),
      waits: [{ from: at('2026-11-23 10:00'), to: null }],
      customerReplies: [at('2026-11-23 11:00')],
    };
    expect(story(facts, '2026-11-23 12:00')).toEqual([
      '11-23 08:00 11-23 10:00 RUNNING OPEN',
      '11-23 10:00 11-23 11:00 PAUSED PAUSE_CUT_BY_REPLY',
      '11-23 11:00 11-23 17:30 RUNNING OPEN',
      '11-23 17:30 11-24 08:00 CLOSED OUTSIDE_BUSINESS_HOURS',
      '11-24 08:00 11-24 09:00 RUNNING OPEN',
    ]);
  });

  test('it ends now while the customer is awaited', () => {
    const facts = {
      ...ticket('2026-11-23 08:00', pausing(INQUIRY)),
      waits: [{ from: at('2026-11-23 10:00'), to: null }],
    };
    expect(story(facts, '2026-11-23 12:00')).toEqual([
      '11-23 08:00 11-23 10:00 RUNNING OPEN',
      '11-23 10:00 11-23 12:00 PAUSED CUSTOMER_AWAITED',
    ]);
  });

  test('it shows both calendars when a change counted on', () => {
    const facts = ticket('2026-11-27 16:30', INQUIRY, [
      ['2026-11-28 10:00', { ...INQUIRY, calendar: aroundTheClock }],
    ]);
    expect(story(facts, '2026-11-28 10:00')).toEqual([
      '11-27 16:30 11-27 17:30 RUNNING OPEN',
      '11-27 17:30 11-28 00:00 CLOSED OUTSIDE_BUSINESS_HOURS',
      '11-28 00:00 11-28 10:00 CLOSED NON_WORKING_DAY',
      '11-28 10:00 11-29 10:00 RUNNING OPEN',
    ]);
  });

  test('there is none without a final limit', () => {
    expect(
      story(ticket('2026-11-23 08:00', terms(desk, { FIRST_RESPONSE: 'PT2H' })), '2026-11-23 09:00'),
    ).toEqual([]);
  });
});

test('a ticket without terms is an error of the caller', () => {
  expect(() =>
    slaClock({ ...ticket('2026-11-23 08:00', INQUIRY), terms: [] }, at('2026-11-23 08:00')),
  ).toThrow(RangeError);
});

describe('random histories against a count of every minute', () => {
  // Forty days around each change of clocks, and around the Chinese National Day, which has none.
  const STRETCHES = [
    ['Asia/Shanghai', '2026-09-20'],
    ['America/New_York', '2026-02-25'],
    ['America/New_York', '2026-10-21'],
    ['Europe/Berlin', '2026-03-18'],
    ['Europe/Berlin', '2026-10-14'],
  ] as const;
  const CALENDARS_EACH = 15;
  const CASES_EACH = 120;

  test.each(STRETCHES)('%s from %s on', (timeZone, firstDay) => {
    const grid = gridOf(timeZone, firstDay, MINUTE);
    const random = seeded(`${timeZone} ${firstDay}`);
    const calendars = new Map<BusinessCalendar, PlainCalendar>();
    while (calendars.size < CALENDARS_EACH) {
      const definition = randomCalendar(random, grid, timeZone);
      calendars.set(businessCalendar(definition), plainCalendar(definition, grid));
    }
    for (let i = 0; i < CASES_EACH; i++) {
      const { facts, now } = randomCase(random, grid, [...calendars.keys()]);
      const expected = countTicks(facts, now, grid, calendars);
      const clock = slaClock(facts, now);
      const { limits } = clock;
      const timeline = clock.timeline('RESOLUTION');
      const actual = {
        limits: limits.map(({ kind, dueAt, warnAt, state }) => ({ kind, dueAt, warnAt, state })),
        running: runningIntervals(timeline, grid),
      };
      expect(actual, `case ${i}: ${JSON.stringify({ facts, now })}`).toEqual(expected);
      // Segments abut from the start on; none is empty and none continues the one before.
      for (const [k, segment] of timeline.entries()) {
        expect(segment.to).toBeGreaterThan(segment.from);
        const next = timeline[k + 1];
        if (next) expect([next.from, next.reason === segment.reason]).toEqual([segment.to, false]);
      }
    }
  });

  function randomCalendar(random: Random, grid: Grid, timeZone: string): CalendarDefinition {
    // No window begins or ends in an hour that clocks skip or repeat: what that means is shown by cases of the calendar.
    const windows = pick(random, [
      ['08:00-17:30'],
      ['08:00-12:00', '13:00-17:30'],
      ['22:00-06:00'],
      ['00:00-24:00'],
      ['09:00-15:00', '11:00-19:00'],
      ['20:00-08:00', '06:00-10:00'],
      ['18:00-00:00'],
    ]);
    const weekend = pick<string[]>(random, [[], [], ['10:00-14:00'], ['23:00-05:00']]);
    const day = () => dayText(pick(random, grid.minutes).day);
    const holidays = [...new Set(Array.from({ length: random(5) }, day))];
    const extra = day();
    return {
      code: 'RANDOM',
      timeZone,
      alwaysOpen: random(6) === 0,
      weekly: {
        1: windows,
        2: windows,
        3: random(4) === 0 ? [] : windows,
        4: windows,
        5: windows,
        6: weekend,
        7: [],
      },
      holidays,
      extraWorkdays: holidays.includes(extra)
        ? []
        : [pick(random, [{ day: extra }, { day: extra, windows: ['09:00-12:00'] }])],
    };
  }

  function randomCase(random: Random, grid: Grid, calendars: readonly BusinessCalendar[]) {
    const known = [pick(random, calendars), pick(random, calendars)] as const;
    const start = random(14 * 24 * 60);
    const instant = (minute: number) => grid.start + minute * MINUTE;
    const later = (within: number) => instant(start + random(within));
    const maybe = <T>(oneIn: number, make: () => T) => (random(oneIn) === 0 ? make() : null);

    // Mostly one calendar: changes of severity and factor are the rule, changes of calendar the exception.
    const mayPause = random(3) > 0;
    const makeTerms = (from: number): SlaTerms => ({
      from,
      policyCode: 'RANDOM',
      policyVersion: 1,
      calendarCode: 'RANDOM',
      calendarVersion: 1,
      limits: Object.fromEntries(
        LIMIT_KINDS.map((kind) => [
          kind,
          random(6) === 0
            ? null
            : pick(random, ['PT30M', 'PT2H', 'PT8H', 'PT12H', 'P1D', 'PT24H', 'P1DT2H', 'P2D', 'PT72H']),
        ]),
      ),
      factor: pick(random, [1, 0.5]),
      calendar: known[random(5) === 0 ? 1 : 0],
      pauseWhileWaiting: mayPause && random(8) > 0,
      atRiskShare: 0.8,
    });
    const changes = Array.from({ length: random(4) }, () => later(4 * 24 * 60)).sort((a, b) => a - b);
    const waits = Array.from({ length: random(4) }, () => {
      const from = later(3 * 24 * 60) - 60 * MINUTE;
      return { from, to: from + random(30 * 60) * MINUTE };
    });
    const planProposedAt = maybe(2, () => later(2 * 24 * 60));
    const facts: SlaFacts = {
      startedAt: instant(start),
      terms: [makeTerms(instant(start)), ...changes.map(makeTerms)],
      waits: [...waits, ...(random(4) === 0 ? [{ from: later(4 * 24 * 60), to: null }] : [])],
      customerReplies: Array.from({ length: random(3) }, () => later(3 * 24 * 60)),
      acknowledgedAt: maybe(2, () => later(6 * 60)),
      firstRespondedAt: maybe(2, () => later(24 * 60)),
      planProposedAt,
      decidedAt: maybe(2, () => (planProposedAt ?? instant(start)) + random(24 * 60) * MINUTE),
      progressNoticesAt: Array.from({ length: random(4) }, () => later(4 * 24 * 60)),
      resolvedAt: maybe(3, () => later(5 * 24 * 60)),
      cancelledAt: maybe(10, () => later(5 * 24 * 60)),
    };
    return { facts, now: later(6 * 24 * 60) };
  }
});
