import { describe, expect, test } from 'vitest';
import {
  type BusinessCalendar,
  businessCalendar,
  type CalendarDefinition,
  NoOpenTime,
} from '../../src/lib/business-calendar.ts';
import { InvalidInput } from '../../src/lib/errors.ts';
import { zonedInstant } from '../../src/lib/periods.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SHANGHAI = 'Asia/Shanghai';
const NEW_YORK = 'America/New_York';

function weekly(weekdays: readonly string[], weekend: readonly string[] = []): CalendarDefinition['weekly'] {
  return { 1: weekdays, 2: weekdays, 3: weekdays, 4: weekdays, 5: weekdays, 6: weekend, 7: weekend };
}

function definition(changes: Partial<CalendarDefinition> = {}): CalendarDefinition {
  return {
    code: 'DESK',
    timeZone: SHANGHAI,
    alwaysOpen: false,
    weekly: weekly(['08:00-17:30']),
    holidays: [],
    extraWorkdays: [],
    ...changes,
  };
}

const desk = businessCalendar(definition());
const alwaysOpen = businessCalendar(definition({ alwaysOpen: true }));
const withLunch = businessCalendar(definition({ weekly: weekly(['08:00-12:00', '13:00-17:30']) }));
/** Eight hours of night shift from each weekday's evening. */
const nightShift = businessCalendar(
  definition({ weekly: weekly(['22:00-06:00']), holidays: ['2026-11-24'] }),
);
/** National Day as China swaps it: a week off, the Sunday before and the Saturday after are worked. */
const nationalDay = businessCalendar(
  definition({
    holidays: ['2026-10-01', '2026-10-02', '2026-10-05', '2026-10-06', '2026-10-07'],
    extraWorkdays: [{ day: '2026-09-27' }, { day: '2026-10-10', windows: ['09:00-12:00'] }],
  }),
);

/** 23 November 2026 is a Monday. */
function at(wallClock: string, timeZone = SHANGHAI): number {
  return zonedInstant(wallClock, timeZone);
}

function openText(calendar: BusinessCalendar, from: string, to: string, timeZone = SHANGHAI): string[] {
  return calendar
    .openBetween(at(from, timeZone), at(to, timeZone))
    .map((s) => [s.from, s.to].map((t) => new Date(t).toISOString().slice(0, 16)).join(' '));
}

describe('why it is closed', () => {
  test.each<[string, BusinessCalendar, string, string, string[]]>([
    [
      'a night of working days',
      desk,
      '2026-11-23 17:30',
      '2026-11-24 08:00',
      ['11-23T17:30 11-24T08:00 OUTSIDE_BUSINESS_HOURS'],
    ],
    [
      'National Day, the weekend in it and the nights around',
      nationalDay,
      '2026-09-30 17:30',
      '2026-10-08 08:00',
      [
        '09-30T17:30 10-01T00:00 OUTSIDE_BUSINESS_HOURS',
        '10-01T00:00 10-03T00:00 HOLIDAY',
        '10-03T00:00 10-05T00:00 NON_WORKING_DAY',
        '10-05T00:00 10-08T00:00 HOLIDAY',
        '10-08T00:00 10-08T08:00 OUTSIDE_BUSINESS_HOURS',
      ],
    ],
    [
      'a Saturday that is worked for once',
      nationalDay,
      '2026-10-10 06:00',
      '2026-10-10 09:00',
      ['10-10T06:00 10-10T09:00 OUTSIDE_BUSINESS_HOURS'],
    ],
    ['never, when always open', alwaysOpen, '2026-11-28 00:00', '2026-11-29 00:00', []],
    ['nothing of an empty stretch', desk, '2026-11-23 18:00', '2026-11-23 18:00', []],
  ])('%s', (_, calendar, from, to, expected) => {
    const local = (instant: number) => new Date(instant + 8 * HOUR).toISOString().slice(5, 16);
    expect(
      calendar.whyClosed(at(from), at(to)).map((s) => `${local(s.from)} ${local(s.to)} ${s.reason}`),
    ).toEqual(expected);
  });
});

describe('adding open time', () => {
  test.each<[string, BusinessCalendar, string, number, string]>([
    ['within a window', desk, '2026-11-23 08:00', 2 * HOUR, '2026-11-23 10:00'],
    ['before opening counts from opening', desk, '2026-11-23 03:00', 2 * HOUR, '2026-11-23 10:00'],
    ['after closing counts from the next opening', desk, '2026-11-23 17:30', 2 * HOUR, '2026-11-24 10:00'],
    ['that uses up a window falls on its end', desk, '2026-11-23 15:30', 2 * HOUR, '2026-11-23 17:30'],
    [
      'a millisecond more falls into the next',
      desk,
      '2026-11-23 15:30',
      2 * HOUR + 1,
      '2026-11-24 08:00:00.001',
    ],
    ['over a weekend', desk, '2026-11-27 16:30', 2 * HOUR, '2026-11-30 09:00'],
    ['on a weekend counts from Monday', desk, '2026-11-28 12:00', 2 * HOUR, '2026-11-30 10:00'],
    ['of a business day', desk, '2026-11-23 10:00', 9.5 * HOUR, '2026-11-24 10:00'],
    [
      'of a business day from opening ends with the day',
      desk,
      '2026-11-23 08:00',
      9.5 * HOUR,
      '2026-11-23 17:30',
    ],
    ['of nothing stays where it is, even when closed', desk, '2026-11-28 12:00', 0, '2026-11-28 12:00'],
    ['into lunch falls on its start', withLunch, '2026-11-23 10:00', 2 * HOUR, '2026-11-23 12:00'],
    ['past lunch', withLunch, '2026-11-23 10:00', 2.5 * HOUR, '2026-11-23 13:30'],
    ['over a holiday week', nationalDay, '2026-09-30 16:30', 2 * HOUR, '2026-10-08 09:00'],
    ['on a make-up Sunday', nationalDay, '2026-09-27 09:00', 2 * HOUR, '2026-09-27 11:00'],
    [
      'over a make-up Saturday with short hours',
      nationalDay,
      '2026-10-09 16:30',
      5 * HOUR,
      '2026-10-12 09:00',
    ],
    ['in a night shift', nightShift, '2026-11-23 23:00', 4 * HOUR, '2026-11-24 03:00'],
    ['after midnight in a night shift', nightShift, '2026-11-24 05:00', 2 * HOUR, '2026-11-25 23:00'],
    [
      'to Saturday morning, which is Friday’s shift',
      nightShift,
      '2026-11-27 22:00',
      8 * HOUR,
      '2026-11-28 06:00',
    ],
    ['when always open', alwaysOpen, '2026-11-28 12:00', 72 * HOUR, '2026-12-01 12:00'],
  ])('%s', (_, calendar, from, openMs, expected) => {
    expect(new Date(calendar.add(at(from), openMs))).toEqual(new Date(at(expected)));
  });

  test('is undone by the time elapsed, wherever it starts', () => {
    for (const calendar of [desk, withLunch, nightShift, nationalDay, alwaysOpen]) {
      for (let from = at('2026-09-20 00:00'); from < at('2026-12-05 00:00'); from += 7 * HOUR + 13 * MINUTE) {
        for (const openMs of [1, 30 * MINUTE, 9.5 * HOUR, 77 * HOUR + 1]) {
          const due = calendar.add(from, openMs);
          expect(calendar.elapsed(from, due)).toBe(openMs);
          // The earliest such instant.
          expect(calendar.elapsed(from, due - 1)).toBe(openMs - 1);
        }
      }
    }
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('%d milliseconds cannot be added', (openMs) => {
    expect(() => desk.add(at('2026-11-23 08:00'), openMs)).toThrow(RangeError);
    expect(() => alwaysOpen.add(at('2026-11-23 08:00'), openMs)).toThrow(RangeError);
  });

  test('instants before 1970 count like others', () => {
    expect(desk.add(at('1969-12-31 17:00'), HOUR)).toBe(at('1970-01-01 08:30'));
  });

  test('a burst of short limits on a warm calendar is fast', () => {
    const from = at('2026-11-02 00:00');
    desk.add(from, 40 * 9.5 * HOUR);
    const started = performance.now();
    for (let i = 0; i < 200_000; i++) desk.add(from + ((i * 7919) % (28 * 24 * 60)) * MINUTE, 2 * HOUR);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('a calendar that never opens again', () => {
  const holidays = Array.from({ length: 5 * 366 }, (_, day) =>
    new Date(Date.UTC(2027, 0, 1 + day)).toISOString().slice(0, 10),
  );
  const abandoned = businessCalendar(definition({ code: 'ABANDONED', holidays }));

  test('says so instead of searching on', () => {
    expect(() => abandoned.add(at('2026-12-31 17:00'), HOUR)).toThrow(NoOpenTime);
    expect(() => abandoned.add(at('2026-12-31 17:00'), HOUR)).toThrow(/ABANDONED.*closed for three years/);
  });

  test('still counts what was open before', () => {
    expect(abandoned.add(at('2026-12-31 16:30'), HOUR)).toBe(at('2026-12-31 17:30'));
  });

  test('more than a hundred years of open time is a mistake too', () => {
    expect(() => desk.add(at('2026-11-23 08:00'), 1e15)).toThrow(NoOpenTime);
  });
});

describe('open or closed', () => {
  test.each<[string, BusinessCalendar, string, boolean]>([
    ['a minute before opening', desk, '2026-11-23 07:59', false],
    ['at opening', desk, '2026-11-23 08:00', true],
    ['in the last millisecond', desk, '2026-11-23 17:29:59.999', true],
    ['at closing', desk, '2026-11-23 17:30', false],
    ['at noon on Saturday', desk, '2026-11-28 12:00', false],
    ['on a holiday', nationalDay, '2026-10-01 10:00', false],
    ['on a make-up workday', nationalDay, '2026-09-27 10:00', true],
    ['after the short hours of a make-up workday', nationalDay, '2026-10-10 12:00', false],
    ['in the night that a shift of Monday runs into', nightShift, '2026-11-24 05:59', true],
    ['in the night after a holiday, which has no shift', nightShift, '2026-11-25 01:00', false],
    ['on Saturday morning after Friday’s shift began', nightShift, '2026-11-28 05:00', true],
    ['on Monday morning, Sunday having no shift', nightShift, '2026-11-23 05:00', false],
    ['any time when always open', alwaysOpen, '2026-10-01 03:00', true],
  ])('%s', (_, calendar, when, open) => {
    expect(calendar.isOpen(at(when))).toBe(open);
  });
});

describe('open intervals', () => {
  test('are clipped to what is asked', () => {
    expect(openText(withLunch, '2026-11-23 09:00', '2026-11-23 15:00')).toEqual([
      '2026-11-23T01:00 2026-11-23T04:00',
      '2026-11-23T05:00 2026-11-23T07:00',
    ]);
  });

  test('are none over a weekend, backwards or between equal instants', () => {
    expect(openText(desk, '2026-11-27 17:30', '2026-11-30 08:00')).toEqual([]);
    expect(openText(desk, '2026-11-24 12:00', '2026-11-23 12:00')).toEqual([]);
    expect(openText(alwaysOpen, '2026-11-24 12:00', '2026-11-24 12:00')).toEqual([]);
    expect(desk.elapsed(at('2026-11-24 12:00'), at('2026-11-23 12:00'))).toBe(0);
    expect(alwaysOpen.elapsed(at('2026-11-24 12:00'), at('2026-11-23 12:00'))).toBe(0);
  });

  test('touch nowhere: days that are open throughout are one interval for a year', () => {
    const everyDay = businessCalendar(definition({ weekly: weekly(['00:00-24:00'], ['00:00-24:00']) }));
    expect(openText(everyDay, '2026-01-01 00:00', '2027-01-01 00:00')).toEqual([
      '2025-12-31T16:00 2026-12-31T16:00',
    ]);
    expect(everyDay.businessDayMs).toBe(24 * HOUR);
  });

  test('merge where windows overlap or touch, also over midnight', () => {
    const overlapping = businessCalendar(
      definition({ weekly: weekly(['13:00-15:00', '08:00-12:00', '11:00-13:00', '20:00-09:00']) }),
    );
    expect(overlapping.businessDayMs).toBe(20 * HOUR);
    expect(openText(overlapping, '2026-11-23 00:00', '2026-11-25 00:00')).toEqual([
      '2026-11-23T00:00 2026-11-23T07:00',
      '2026-11-23T12:00 2026-11-24T07:00',
      '2026-11-24T12:00 2026-11-24T16:00',
    ]);
  });

  test('a window that ends when it starts lasts a day', () => {
    const roundTheClock = businessCalendar(definition({ weekly: weekly(['08:00-08:00']) }));
    expect(openText(roundTheClock, '2026-11-23 00:00', '2026-11-30 00:00')).toEqual([
      '2026-11-23T00:00 2026-11-28T00:00',
    ]);
  });
});

describe('working days', () => {
  test.each<[string, BusinessCalendar, string, boolean]>([
    ['a Monday', desk, '2026-11-23', true],
    ['a Sunday', desk, '2026-11-22', false],
    ['a holiday', nationalDay, '2026-10-01', false],
    ['a make-up Sunday', nationalDay, '2026-09-27', true],
    ['a Saturday into which a shift runs', nightShift, '2026-11-28', false],
    ['a Sunday when always open', alwaysOpen, '2026-11-22', true],
  ])('%s', (_, calendar, day, working) => {
    expect(calendar.isWorkingDay(day)).toBe(working);
  });

  test.each<[string, BusinessCalendar, number]>([
    ['one window', desk, 9.5],
    ['two windows', withLunch, 8.5],
    ['a night shift', nightShift, 8],
    ['always open', alwaysOpen, 24],
    [
      'the first weekday that has hours',
      businessCalendar(definition({ weekly: { ...weekly([]), 3: ['09:00-11:00'], 4: ['09:00-17:00'] } })),
      2,
    ],
  ])('the business day of %s', (_, calendar, hours) => {
    expect(calendar.businessDayMs).toBe(hours * HOUR);
  });
});

describe('daylight saving: New York springs forward on 8 March and falls back on 1 November 2026', () => {
  test.each<[string, string[], string, string[], number]>([
    [
      'a night shift loses the skipped hour',
      ['22:00-06:00'],
      '2026-03-07',
      ['2026-03-08T03:00 2026-03-08T10:00'],
      7,
    ],
    [
      'a night shift works the repeated hour twice',
      ['22:00-06:00'],
      '2026-10-31',
      ['2026-11-01T02:00 2026-11-01T11:00'],
      9,
    ],
    [
      'hours by day move with the wall clock',
      ['08:00-17:30'],
      '2026-03-08',
      ['2026-03-08T12:00 2026-03-08T21:30'],
      9.5,
    ],
    ['a window that is skipped whole is not open', ['02:00-03:00'], '2026-03-08', [], 0],
    [
      'a start in the skipped hour moves on by it',
      ['02:30-06:00'],
      '2026-03-08',
      ['2026-03-08T07:30 2026-03-08T10:00'],
      2.5,
    ],
    [
      'a window inside the skipped hour that would end before it starts is not open',
      ['02:30-03:15'],
      '2026-03-08',
      [],
      0,
    ],
    [
      'an end in the repeated hour means the first of them',
      ['00:00-01:30'],
      '2026-11-01',
      ['2026-11-01T04:00 2026-11-01T05:30'],
      1.5,
    ],
  ])('%s', (_, windows, day, expected, hours) => {
    const weekday = new Date(day).getUTCDay() || 7;
    const calendar = businessCalendar(
      definition({ timeZone: NEW_YORK, weekly: { ...weekly([]), [weekday]: windows } }),
    );
    const noon = at(`${day} 12:00`, NEW_YORK);
    expect(
      openText(calendar, `${day} 00:00`, new Date(noon + 24 * HOUR).toISOString().slice(0, 16), NEW_YORK),
    ).toEqual(expected);
    expect(calendar.elapsed(noon - 24 * HOUR, noon + 24 * HOUR)).toBe(hours * HOUR);
  });

  test('a limit over the change grants the same working time', () => {
    const calendar = businessCalendar(
      definition({ timeZone: NEW_YORK, weekly: weekly(['22:00-06:00'], ['22:00-06:00']) }),
    );
    expect(calendar.add(at('2026-03-08 01:30', NEW_YORK), HOUR)).toBe(at('2026-03-08 03:30', NEW_YORK));
    // 00:30 to 01:30, which the clock shows for the second time one hour later.
    expect(calendar.add(at('2026-11-01 00:30', NEW_YORK), 2 * HOUR)).toBe(
      at('2026-11-01 01:30', NEW_YORK) + HOUR,
    );
  });
});

describe('a definition is refused with everything that is wrong with it', () => {
  test.each<[string, Partial<CalendarDefinition>, string[]]>([
    ['no open time at all', { weekly: weekly([]) }, ['weekly']],
    ['an unknown time zone', { timeZone: 'Asia/Atlantis' }, ['timeZone']],
    ['an offset for a time zone', { timeZone: '+08:00' }, ['timeZone']],
    [
      'a malformed window',
      { weekly: weekly(['8:00-17:30']) },
      ['weekly.1', 'weekly.2', 'weekly.3', 'weekly.4', 'weekly.5'],
    ],
    [
      'a window that starts at 24:00',
      { weekly: { ...weekly(['08:00-17:30']), 6: ['24:00-06:00'] } },
      ['weekly.6'],
    ],
    ['a window of minute 60', { weekly: { ...weekly(['08:00-17:30']), 6: ['08:60-09:00'] } }, ['weekly.6']],
    ['a holiday that does not exist', { holidays: ['2026-10-01', '2026-02-30'] }, ['holidays.1']],
    [
      'a make-up workday that does not exist',
      { extraWorkdays: [{ day: '27.09.2026' }] },
      ['extraWorkdays.0.day'],
    ],
    [
      'a make-up workday without hours',
      { extraWorkdays: [{ day: '2026-09-27', windows: [] }] },
      ['extraWorkdays.0.windows'],
    ],
    [
      'a make-up workday that is a holiday',
      { holidays: ['2026-09-27'], extraWorkdays: [{ day: '2026-09-27' }] },
      ['extraWorkdays.0.day'],
    ],
    [
      'a make-up workday twice',
      { extraWorkdays: [{ day: '2026-09-27' }, { day: '2026-09-27' }] },
      ['extraWorkdays.1.day'],
    ],
    ['several things', { timeZone: '', holidays: ['soon'] }, ['timeZone', 'holidays.0']],
  ])('%s', (_, changes, paths) => {
    expect(issuesOf(definition(changes))).toEqual(paths);
  });

  test('a weekday that is missing and one that does not exist, as stored data may have them', () => {
    const { 7: _, ...withoutSunday } = weekly(['08:00-17:30']);
    const stored = { ...withoutSunday, 8: [] } as unknown as CalendarDefinition['weekly'];
    expect(issuesOf(definition({ weekly: stored }))).toEqual(['weekly.8', 'weekly.7']);
  });

  test('the message says what is accepted', () => {
    expect(() => businessCalendar(definition({ weekly: weekly(['8-17']) }))).toThrow(
      /"HH:MM-HH:MM"; 00:00-24:00/,
    );
  });

  function issuesOf(wrong: CalendarDefinition): string[] {
    try {
      businessCalendar(wrong);
      return [];
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      return error.issues.map((issue) => issue.path.join('.'));
    }
  }
});
