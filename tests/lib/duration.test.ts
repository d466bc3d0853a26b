import { describe, expect, test } from 'vitest';
import { formatDuration, InvalidDuration, parseDuration, scaleDuration } from '../../src/lib/duration.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('limits are ISO 8601 durations', () => {
  test.each([
    ['PT15M', { days: 0, milliseconds: 15 * MINUTE }],
    ['PT30M', { days: 0, milliseconds: 30 * MINUTE }],
    ['PT2H', { days: 0, milliseconds: 2 * HOUR }],
    ['PT72H', { days: 0, milliseconds: 72 * HOUR }],
    ['PT90M', { days: 0, milliseconds: 90 * MINUTE }],
    ['PT1H30M', { days: 0, milliseconds: 90 * MINUTE }],
    ['PT1S', { days: 0, milliseconds: 1000 }],
    ['P1D', { days: 1, milliseconds: 0 }],
    ['P3D', { days: 3, milliseconds: 0 }],
    ['P1DT4H', { days: 1, milliseconds: 4 * HOUR }],
    ['P0DT1M', { days: 0, milliseconds: MINUTE }],
  ])('%s', (text, duration) => {
    expect(parseDuration(text)).toEqual(duration);
  });

  test.each([
    ['nothing', ''],
    ['no component', 'P'],
    ['no time component', 'PT'],
    ['days and no time component', 'P1DT'],
    ['a negative duration', '-PT2H'],
    ['a negative component', 'PT-2H'],
    ['zero hours', 'PT0H'],
    ['zero days', 'P0D'],
    ['weeks', 'P1W'],
    ['months, which have no fixed length', 'P1M'],
    ['years', 'P1Y'],
    ['a fraction', 'PT1.5H'],
    ['hours without T', 'P2H'],
    ['the wrong order', 'PT30M2H'],
    ['small letters', 'pt2h'],
    ['a space', ' PT2H'],
    ['a line end', 'PT2H\n'],
    ['words', '2 hours'],
    ['a number', '120'],
    ['ten thousand days', 'P10000D'],
  ])('%s is refused by a message that says what is accepted', (_, text) => {
    expect(() => parseDuration(text)).toThrow(InvalidDuration);
    expect(() => parseDuration(text)).toThrow(/PT30M, PT2H, PT1H30M, P1D/);
  });
});

describe('durations are written in hours, minutes and seconds', () => {
  test.each([
    [0, 'PT0S'],
    [1, 'PT0.001S'],
    [1500, 'PT1.5S'],
    [30 * MINUTE, 'PT30M'],
    [72 * HOUR, 'PT72H'],
    [27 * HOUR + 30 * MINUTE + 5000, 'PT27H30M5S'],
    [HOUR + 1000, 'PT1H1S'],
  ])('%i ms is %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('%d ms cannot be written', (milliseconds) => {
    expect(() => formatDuration(milliseconds)).toThrow(RangeError);
  });

  test('what is written reads as what it was', () => {
    for (const milliseconds of [1000, 59_000, MINUTE, HOUR - 1000, HOUR, 99_999 * HOUR]) {
      expect(parseDuration(formatDuration(milliseconds))).toEqual({ days: 0, milliseconds });
    }
  });
});

test('a key account halves days and time alike', () => {
  expect(scaleDuration(parseDuration('P1DT3H'), 0.5)).toEqual({ days: 0.5, milliseconds: 1.5 * HOUR });
  expect(scaleDuration(parseDuration('PT2H'), 1)).toEqual({ days: 0, milliseconds: 2 * HOUR });
});
