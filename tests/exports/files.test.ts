import { describe, expect, it } from 'vitest';
import { csvCell } from '../../src/exports/csv.ts';
import { columnLetters, xlsxCell } from '../../src/exports/xlsx.ts';
import { monthsLater, wallClock } from '../../src/lib/local-time.ts';

const shanghai = wallClock('Asia/Shanghai');
const berlin = wallClock('Europe/Berlin');

describe('a cell of a CSV file', () => {
  it.each([
    ['plain', '远大贸易', '远大贸易'],
    ['a comma', 'a,b', '"a,b"'],
    ['quotes', 'say "hi"', '"say ""hi"""'],
    ['a line break', 'a\nb', '"a\nb"'],
    ['space at an end', ' a', '" a"'],
    ['a formula', '=1+1', "'=1+1"],
    ['a formula that needs quotes', '=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
    ['a plus', '+8613900000000', "'+8613900000000"],
    ['a minus', '-5', "'-5"],
    ['an at sign', '@SUM(A1)', "'@SUM(A1)"],
    ['a tab', '\t=1', "'\t=1"],
    ['a carriage return', '\r=1', '"\'\r=1"'],
    ['a full-width equals sign', '＝1+1', "'＝1+1"],
    ['an equals sign further on', 'a=b', 'a=b'],
    ['nothing', '', ''],
  ])('with text: %s', (_title, value, written) => {
    expect(csvCell('text', value, shanghai)).toBe(written);
  });

  it.each([
    ['money' as const, '-1234567890123456.78', '-1234567890123456.78'],
    ['integer' as const, -3, '-3'],
    ['boolean' as const, false, 'false'],
    ['date' as const, '2026-02-28', '2026-02-28'],
    ['instant' as const, new Date('2026-11-23T16:30:00.000Z'), '2026-11-24T00:30:00+08:00'],
    ['text' as const, null, ''],
  ])('with %s %s', (type, value, written) => {
    expect(csvCell(type, value, shanghai)).toBe(written);
  });
});

describe('a cell of a workbook', () => {
  it.each([
    ['fifteen digits, a number', '9999999999999.99', '<c r="A1" s="4"><v>9999999999999.99</v></c>'],
    [
      'sixteen digits, text',
      '99999999999999.99',
      '<c r="A1" t="inlineStr"><is><t xml:space="preserve">99999999999999.99</t></is></c>',
    ],
    ['below zero', '-0.01', '<c r="A1" s="4"><v>-0.01</v></c>'],
  ])('with money: %s', (_title, value, written) => {
    expect(xlsxCell('A1', 'money', value, shanghai)).toBe(written);
  });

  it('keeps dates as days of the calendar of spreadsheets, and what is before it as text', () => {
    expect(xlsxCell('A1', 'date', '1900-03-01', shanghai)).toContain('<v>61</v>');
    expect(xlsxCell('A1', 'date', '1900-02-28', shanghai)).toContain('1900-02-28');
    expect(xlsxCell('A1', 'instant', new Date('2026-11-22T16:00:00Z'), shanghai)).toContain('<v>46349</v>');
    expect(xlsxCell('A1', 'instant', new Date('2026-11-23T04:00:00Z'), shanghai)).toContain('<v>46349.5</v>');
  });

  it('escapes what XML cannot hold, and what would read as such an escape', () => {
    const written = (value: string) =>
      /preserve">(.*)<\/t>/s.exec(xlsxCell('A1', 'text', value, shanghai))?.[1];
    expect(written('a\u0001b')).toBe('a_x0001_b');
    expect(written('a\r\nb')).toBe('a_x000D_\nb');
    expect(written('_x0041_')).toBe('_x005F_x0041_');
    expect(written('<&">')).toBe('&lt;&amp;&quot;&gt;');
    expect(written('\uD83D')).toBe('\uFFFD');
    expect(written('=1+1')).toBe('=1+1');
  });

  it('cuts text at the 32,767 characters that a cell holds', () => {
    const written = xlsxCell('A1', 'text', '好'.repeat(32_768), shanghai);
    expect(written).toContain(`${'好'.repeat(32_766)}…<`);
    expect(xlsxCell('A1', 'text', '好'.repeat(32_767), shanghai)).toContain(`${'好'.repeat(32_767)}<`);
  });

  it.each([
    [0, 'A'],
    [25, 'Z'],
    [26, 'AA'],
    [51, 'AZ'],
    [52, 'BA'],
    [701, 'ZZ'],
    [702, 'AAA'],
  ])('column %i is %s', (place, letters) => {
    expect(columnLetters(place)).toBe(letters);
  });
});

describe('the clock on the wall', () => {
  it.each([
    [shanghai, '1988-07-01T00:00:00Z', '1988-07-01T09:00:00+09:00'],
    [shanghai, '2026-11-23T01:00:00.007Z', '2026-11-23T09:00:00.007+08:00'],
    [berlin, '2026-03-29T00:59:59Z', '2026-03-29T01:59:59+01:00'],
    [berlin, '2026-03-29T01:00:00Z', '2026-03-29T03:00:00+02:00'],
    [berlin, '2026-10-25T00:59:59Z', '2026-10-25T02:59:59+02:00'],
    [berlin, '2026-10-25T01:00:00Z', '2026-10-25T02:00:00+01:00'],
  ])('%# at %s', (clock, instant, shown) => {
    expect(clock.format(Date.parse(instant))).toBe(shown);
  });

  it('counts months by the calendar', () => {
    const later = (instant: string, months: number) =>
      monthsLater(new Date(instant), months, 'Asia/Shanghai').toISOString();
    expect(later('2026-11-23T01:00:00Z', 12)).toBe('2027-11-23T01:00:00.000Z');
    // 29 February 2028 in Shanghai, still the 28th in UTC.
    expect(later('2028-02-28T16:30:00Z', 12)).toBe('2029-02-27T16:30:00.000Z');
  });
});
