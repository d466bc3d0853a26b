import { describe, expect, it } from 'vitest';
import { fromUnits, percent, toUnits } from '../../src/lib/decimal.ts';

describe('exact decimals', () => {
  it.each([
    ['0', 6, 0n],
    ['12.5', 2, 1250n],
    ['-0.01', 2, -1n],
    ['98.765432', 6, 98_765_432n],
    ['9007199254740993', 2, 900719925474099300n],
  ])('%s with %i places is %s units', (value, places, units) => {
    expect(toUnits(value, places)).toBe(units);
  });

  it.each(['', '1.', '.5', '1e3', '1.234', 'NaN', '+1'])(
    '%j is refused where two places are kept',
    (value) => {
      expect(() => toUnits(value, 2)).toThrow(RangeError);
    },
  );

  it.each([
    [0n, 2, '0.00'],
    [5n, 2, '0.05'],
    [-5n, 2, '-0.05'],
    [123456n, 2, '1234.56'],
    [7n, 0, '7'],
  ])('%s units with %i places are %s', (units, places, value) => {
    expect(fromUnits(units, places)).toBe(value);
  });

  it.each([
    ['two of three', 2n, 3n, '66.67'],
    ['one of three', 1n, 3n, '33.33'],
    ['a half of a hundredth goes up', 1n, 20_000n, '0.01'],
    ['less than that goes down', 1n, 20_001n, '0.00'],
    ['all', 7n, 7n, '100.00'],
    ['more than all', 15n, 10n, '150.00'],
    ['none', 0n, 9n, '0.00'],
    ['of a loss', -1n, 3n, '-33.33'],
    ['half up below zero too', -1n, 20_000n, '0.00'],
    ['of nothing', 3n, 0n, null],
  ])('%s', (_case, part, whole, share) => {
    expect(percent(part, whole)).toBe(share);
  });
});
