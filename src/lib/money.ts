/** Exact decimal text: digits with an optional sign and fraction. Never a binary float. */
const DECIMAL = /^-?\d{1,16}(\.\d+)?$/;

export function isDecimal(value: string): boolean {
  return DECIMAL.test(value);
}

/** True for an amount that fits decimal(18,2): at most two places and sixteen digits before them. */
export function isMoney(value: string): boolean {
  return /^-?\d{1,16}(\.\d{1,2})?$/.test(value);
}

/** Amounts in hundredths, for exact sums and comparisons. */
export function cents(amount: string): bigint {
  if (!isMoney(amount)) throw new RangeError(`"${amount}" is no amount with at most two places`);
  const negative = amount.startsWith('-');
  const [whole = '0', fraction = ''] = amount.replace('-', '').split('.');
  const value = BigInt(whole) * 100n + BigInt(fraction.padEnd(2, '0'));
  return negative ? -value : value;
}

export function fromCents(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(3, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** An amount and its currency; the amount is exact decimal text with two places. */
export interface Money {
  readonly amount: string;
  readonly currency: string;
}
