import { isLocalDay } from '../lib/periods.ts';
import { isMoney } from '../lib/money.ts';
import { type Text, text } from '../lib/text.ts';
import type { InstantReader } from './instants.ts';

/** A field that a file can fill: what is accepted, and what a cell's text means. */
export interface Field<Value = unknown> {
  readonly accepted: Text;
  /** A row without it is refused. */
  readonly required: boolean;
  /** Times are written in a format and time zone that the mapping names. */
  readonly timed: boolean;
  /** Undefined for what is not accepted. */
  read(value: string, instants: InstantReader): Value | undefined;
}

export type FieldSet = Readonly<Record<string, Field>>;

/** A row's values by field; null where the file has none. */
export type ValuesOf<Fields extends FieldSet> = {
  readonly [Name in keyof Fields]: Fields[Name] extends Field<infer Value> ? Value | null : never;
};

export function required<Value>(field: Field<Value>): Field<Value> {
  return { ...field, required: true };
}

function field<Value>(accepted: Text, read: Field<Value>['read']): Field<Value> {
  return { accepted, required: false, timed: false, read };
}

export function words(most: number): Field<string> {
  return field(text(`at most ${most.toLocaleString('en')} characters`, `最多 ${most} 字`), (value) =>
    value.length <= most ? value : undefined,
  );
}

/** One of the codes of an enum. */
export function choice<Code extends string>(codes: Readonly<Record<string, Code>>): Field<Code> {
  return field(
    text(`one of ${Object.values(codes).join(', ')}`, `${Object.values(codes).join('、')} 之一`),
    (value) => (Object.hasOwn(codes, value) ? codes[value] : undefined),
  );
}

export function yesNo(): Field<boolean> {
  const known: Readonly<Record<string, boolean>> = {
    true: true,
    yes: true,
    '1': true,
    false: false,
    no: false,
    '0': false,
  };
  return field(text('true, yes or 1; false, no or 0', 'true、yes 或 1；false、no 或 0'), (value) =>
    Object.hasOwn(known, value.toLowerCase()) ? known[value.toLowerCase()] : undefined,
  );
}

export function amount(): Field<string> {
  return field(
    text(
      'an amount of 0 or more with at most two places, such as 1250.00',
      '不小于 0、最多两位小数的金额，如 1250.00',
    ),
    (value) => (isMoney(value) && !value.startsWith('-') ? value : undefined),
  );
}

/** A measure such as a weight: exact text. */
export function measure(): Field<string> {
  return field(
    text(
      'a number of 0 or more with at most three places, such as 12.5',
      '不小于 0、最多三位小数的数，如 12.5',
    ),
    (value) => (/^\d{1,15}(\.\d{1,3})?$/.test(value) ? value : undefined),
  );
}

export function wholeNumber(least: number, most: number): Field<number> {
  return field(text(`a whole number from ${least} to ${most}`, `${least} 到 ${most} 的整数`), (value) =>
    /^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most ? Number(value) : undefined,
  );
}

export function emailAddress(): Field<string> {
  return field(
    text('an e-mail address such as name@example.com', '邮箱地址，如 name@example.com'),
    (value) => (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) ? value : undefined),
  );
}

const DAY = /^(\d{4})(?:-|\/|\.|年)(\d{1,2})(?:-|\/|\.|月)(\d{1,2})日?$/;

/** A day of the calendar, YYYY-MM-DD. */
export function day(): Field<string> {
  return field(
    text(
      'a day such as 2026-11-23, 2026/11/23 or 2026年11月23日',
      '日期，如 2026-11-23、2026/11/23、2026年11月23日',
    ),
    (value) => {
      const [, year = '', month = '', date = ''] = DAY.exec(value) ?? [];
      const written = `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`;
      return isLocalDay(written) ? written : undefined;
    },
  );
}

/** Several, each read by the field of one, parted by commas, semicolons or spaces; each counts once. */
export function several<Value>(one: Field<Value>): Field<readonly Value[]> {
  return field(
    text(
      `a list, parted by commas or semicolons: each ${one.accepted.en}`,
      `以逗号或分号分隔的列表，每项为${one.accepted.zh}`,
    ),
    (value, instants) => {
      const parts = value.split(/[,;，；、\s]+/).filter((part) => part !== '');
      const read = [...new Set(parts)].map((part) => one.read(part, instants));
      return read.some((item) => item === undefined) ? undefined : (read as Value[]);
    },
  );
}

/** A point in time; the mapping says how it is written. */
export function instant(): Field<Date> {
  return {
    accepted: text('a time', '时间'),
    required: false,
    timed: true,
    read: (value, instants) => instants.read(value),
  };
}

/** A point in time by which something is promised: a day alone holds to its end. */
export function deadline(): Field<Date> {
  return { ...instant(), read: (value, instants) => instants.readUntil(value) };
}
