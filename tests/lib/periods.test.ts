import { describe, expect, test } from 'vitest';
import {
  InvalidLocalTime,
  InvalidPeriod,
  isLocalDay,
  localDate,
  nextPeriod,
  parsePeriod,
  type PeriodKind,
  periodOf,
  previousPeriod,
  startOfLocalDay,
  zonedInstant,
} from '../../src/lib/periods.ts';

const SHANGHAI = 'Asia/Shanghai';
const NEW_YORK = 'America/New_York';
const BERLIN = 'Europe/Berlin';
const HOUR = 3_600_000;

const utc = (text: string) => Date.parse(text);
const iso = (instant: number) => new Date(instant).toISOString();

describe('the period of an instant', () => {
  test.each<[string, PeriodKind, string, string, string, string]>([
    [
      'a day from its first millisecond',
      'DAY',
      '2026-11-22T16:00:00.000Z',
      '2026-11-23',
      '2026-11-22T16:00Z',
      '2026-11-23T16:00Z',
    ],
    [
      'a day up to its last millisecond',
      'DAY',
      '2026-11-23T15:59:59.999Z',
      '2026-11-23',
      '2026-11-22T16:00Z',
      '2026-11-23T16:00Z',
    ],
    [
      'a week from Monday',
      'WEEK',
      '2026-11-15T16:00:00.000Z',
      '2026-W47',
      '2026-11-15T16:00Z',
      '2026-11-22T16:00Z',
    ],
    [
      'a week up to Sunday',
      'WEEK',
      '2026-11-22T15:59:59.999Z',
      '2026-W47',
      '2026-11-15T16:00Z',
      '2026-11-22T16:00Z',
    ],
    [
      '1 January in week 53 of the old year',
      'WEEK',
      '2027-01-01T00:00:00.000Z',
      '2026-W53',
      '2026-12-27T16:00Z',
      '2027-01-03T16:00Z',
    ],
    [
      '31 December in week 1 of the new year',
      'WEEK',
      '2025-12-31T00:00:00.000Z',
      '2026-W01',
      '2025-12-28T16:00Z',
      '2026-01-04T16:00Z',
    ],
    ['a month', 'MONTH', '2026-11-30T15:59:59.999Z', '2026-11', '2026-10-31T16:00Z', '2026-11-30T16:00Z'],
    [
      'February of a leap year',
      'MONTH',
      '2028-02-29T12:00:00.000Z',
      '2028-02',
      '2028-01-31T16:00Z',
      '2028-02-29T16:00Z',
    ],
    ['a quarter', 'QUARTER', '2026-12-31T15:59:59.999Z', '2026-Q4', '2026-09-30T16:00Z', '2026-12-31T16:00Z'],
    [
      'the first quarter from New Year',
      'QUARTER',
      '2026-12-31T16:00:00.000Z',
      '2027-Q1',
      '2026-12-31T16:00Z',
      '2027-03-31T16:00Z',
    ],
    ['a year', 'YEAR', '2026-12-31T15:59:59.999Z', '2026', '2025-12-31T16:00Z', '2026-12-31T16:00Z'],
  ])('%s', (_, kind, instant, key, start, end) => {
    expect(periodOf(utc(instant), kind, SHANGHAI)).toEqual({ kind, key, start: utc(start), end: utc(end) });
  });

  test('the same instant lies in different days of two zones', () => {
    const instant = utc('2026-11-23T02:00:00Z');
    expect(periodOf(instant, 'DAY', SHANGHAI).key).toBe('2026-11-23');
    expect(periodOf(instant, 'DAY', NEW_YORK).key).toBe('2026-11-22');
  });

  test.each([
    ['23 hours when the clocks go forward', '2026-03-08', NEW_YORK, 23],
    ['25 hours when they go back', '2026-11-01', NEW_YORK, 25],
    ['23 hours in Berlin', '2026-03-29', BERLIN, 23],
    ['25 hours in Berlin', '2026-10-25', BERLIN, 25],
    ['24 hours in China on any day', '2026-10-25', SHANGHAI, 24],
  ])('a day has %s', (_, key, timeZone, hours) => {
    const day = parsePeriod(key, timeZone);
    expect((day.end - day.start) / HOUR).toBe(hours);
  });
});

describe('the period of a key', () => {
  test.each<[string, PeriodKind]>([
    ['2026-11-23', 'DAY'],
    ['2026-W47', 'WEEK'],
    ['2026-W53', 'WEEK'],
    ['2026-11', 'MONTH'],
    ['2026-Q4', 'QUARTER'],
    ['2026', 'YEAR'],
  ])('%s', (key, kind) => {
    const period = parsePeriod(key, SHANGHAI);
    expect(period).toMatchObject({ key, kind });
    expect(periodOf(period.start, kind, SHANGHAI)).toEqual(period);
    expect(periodOf(period.end - 1, kind, SHANGHAI)).toEqual(period);
    expect(periodOf(period.end, kind, SHANGHAI).key).not.toBe(key);
  });

  test.each([
    '',
    '26',
    '2026-1',
    '2026-00',
    '2026-13',
    '2026-W00',
    '2025-W53',
    '2026-W54',
    '2026-Q0',
    '2026-Q5',
    '2026-02-30',
    '2027-02-29',
    '2026-11-23T00:00',
    '2026/11',
    '2026-w47',
  ])('"%s" is none', (key) => {
    expect(() => parsePeriod(key, SHANGHAI)).toThrow(InvalidPeriod);
    expect(() => parsePeriod(key, SHANGHAI)).toThrow(/2026-W47/);
  });
});

test.each<[string, string, string]>([
  ['2026-11-30', '2026-12-01', '2026-11-29'],
  ['2026-W53', '2027-W01', '2026-W52'],
  ['2026-12', '2027-01', '2026-11'],
  ['2026-Q4', '2027-Q1', '2026-Q3'],
  ['2026', '2027', '2025'],
])('after %s comes %s and before it lies %s', (key, next, previous) => {
  for (const timeZone of [SHANGHAI, NEW_YORK, BERLIN]) {
    const period = parsePeriod(key, timeZone);
    expect(nextPeriod(period, timeZone)).toMatchObject({ key: next, start: period.end });
    expect(previousPeriod(period, timeZone)).toMatchObject({ key: previous, end: period.start });
  }
});

test('neighbours abut through two years of clock changes', () => {
  for (const kind of ['DAY', 'WEEK', 'MONTH'] as const) {
    let period = periodOf(utc('2026-01-01T12:00:00Z'), kind, NEW_YORK);
    while (period.start < utc('2028-01-01T00:00:00Z')) {
      const next = nextPeriod(period, NEW_YORK);
      expect(next.start).toBe(period.end);
      expect(previousPeriod(next, NEW_YORK)).toEqual(period);
      period = next;
    }
  }
});

describe('local days', () => {
  test('a day begins at local midnight', () => {
    expect(localDate(utc('2026-11-22T15:59:59.999Z'), SHANGHAI)).toBe('2026-11-22');
    expect(localDate(utc('2026-11-22T16:00:00Z'), SHANGHAI)).toBe('2026-11-23');
    expect(iso(startOfLocalDay('2026-11-23', SHANGHAI))).toBe('2026-11-22T16:00:00.000Z');
  });

  test('a day whose midnight is skipped begins at one', () => {
    // Clocks in Santiago went from 24:00 on 5 September 2026 to 01:00.
    expect(iso(startOfLocalDay('2026-09-06', 'America/Santiago'))).toBe('2026-09-06T04:00:00.000Z');
  });

  test.each(['2026-02-30', '2026-2-3', '2026-11-23 ', '20261123', 'today', ''])('"%s" is no day', (day) => {
    expect(isLocalDay(day)).toBe(false);
    expect(() => startOfLocalDay(day, SHANGHAI)).toThrow(InvalidLocalTime);
  });
});

describe('wall-clock texts', () => {
  test.each([
    ['with seconds', '2011-07-01 01:32:33', SHANGHAI, '2011-06-30T17:32:33.000Z'],
    ['without seconds', '2011-07-01 01:32', SHANGHAI, '2011-06-30T17:32:00.000Z'],
    ['with T and milliseconds', '2011-07-01T01:32:33.250', SHANGHAI, '2011-06-30T17:32:33.250Z'],
    ['in summer time', '2026-07-01 12:00:00', NEW_YORK, '2026-07-01T16:00:00.000Z'],
    ['in winter time', '2026-12-01 12:00:00', NEW_YORK, '2026-12-01T17:00:00.000Z'],
    ['skipped by the clocks: moved on an hour', '2026-03-08 02:30:00', NEW_YORK, '2026-03-08T07:30:00.000Z'],
    ['shown twice: the first time', '2026-11-01 01:30:00', NEW_YORK, '2026-11-01T05:30:00.000Z'],
    ['in the summer time that China once had', '1988-07-01 12:00:00', SHANGHAI, '1988-07-01T03:00:00.000Z'],
  ])('%s', (_, text, timeZone, instant) => {
    expect(iso(zonedInstant(text, timeZone))).toBe(instant);
  });

  test.each([
    '2011-07-01',
    '2011-07-01 24:00:00',
    '2011-07-01 01:60:00',
    '2011-07-01 01:32:60',
    '2011-02-29 01:32:33',
    '2011-07-01 01:32:33Z',
    '2011-07-01T01:32:33+08:00',
    '01.07.2011 01:32',
    '',
  ])('"%s" is none', (text) => {
    expect(() => zonedInstant(text, SHANGHAI)).toThrow(InvalidLocalTime);
  });
});
