/** Decimal text as a whole number of its smallest units, for exact sums and comparisons; more places are refused. */
export function toUnits(value: string, places: number): bigint {
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(value);
  const [, sign, whole = '', fraction = ''] = parts ?? [];
  if (!parts || fraction.length > places) {
    throw new RangeError(`"${value}" is no decimal number with at most ${places} places`);
  }
  const units = BigInt(whole + fraction.padEnd(places, '0'));
  return sign ? -units : units;
}

export function fromUnits(units: bigint, places: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  return `${units < 0n ? '-' : ''}${whole}${places > 0 ? `.${digits.slice(-places)}` : ''}`;
}

/** Places of a percentage, wherever one is shown. */
const PERCENT_PLACES = 2;

/** A quotient as exact text with so many places, rounded half up; null when the divisor is zero. */
export function quotient(dividend: bigint, divisor: bigint, places: number): string | null {
  if (divisor === 0n) return null;
  if (divisor < 0n) return quotient(-dividend, -divisor, places);
  const doubled = 2n * dividend * 10n ** BigInt(places) + divisor;
  // Division of bigints cuts towards zero; rounding half up cuts downwards.
  const floored = doubled / (2n * divisor) - (doubled % (2n * divisor) < 0n ? 1n : 0n);
  return fromUnits(floored, places);
}

/** What share a part is of a whole, in percent with two places; null when the whole is zero. */
export function percent(part: bigint, whole: bigint): string | null {
  return quotient(part * 100n, whole, PERCENT_PLACES);
}
