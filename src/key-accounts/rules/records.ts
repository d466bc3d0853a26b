import type { Issues } from '../../lib/errors.ts';
import { isMoney } from '../../lib/money.ts';
import { type Text, text } from '../../lib/text.ts';

/** What a field of a record holds. DAY is YYYY-MM-DD, TEXTS several short texts. */
type RecordFieldKind =
  | 'TEXT'
  | 'TEXTS'
  | 'ENUM'
  | 'INT'
  | 'MONEY'
  | 'DECIMAL'
  | 'BOOLEAN'
  | 'INSTANT'
  | 'DAY'
  | 'EMPLOYEE'
  | 'CONTACT'
  | 'DEPARTMENT';

export interface RecordField {
  readonly kind: RecordFieldKind;
  readonly description: string;
  /** Name of the GraphQL enum, for kind ENUM. */
  readonly enumName?: string;
  /** Whether who records it gives the field, and must; a field without it is worked out. */
  readonly given?: 'NEEDED' | 'FREE';
  /** Longest text; 5,000 characters without it. */
  readonly longest?: number;
  /** Lists can be filtered and ordered by it. */
  readonly listed?: true;
}

/**
 * A kind of record of a key account: its table, and what each of its fields is. Type, node, lists, and the mutation that
 * records it are made from this; every record also has its account, who recorded it, when, and a version.
 */
export interface RecordSpec {
  /** Name of the GraphQL type, such as ServiceInspection. */
  readonly type: string;
  readonly table: string;
  /** Name of the list, at the root and of an account. */
  readonly list: string;
  readonly title: Text;
  readonly description: string;
  /** True for what customers said or got: content of the file, which grade A closes (PRM-07). */
  readonly ofFile?: true;
  /** A right that reads them beside the account's. */
  readonly also?: string;
  /** A resource whose right to read is needed beside the account's. */
  readonly only?: string;
  readonly fields: Readonly<Record<string, RecordField>>;
  /** Columns that hold structured facts, shown in a way of their own. */
  readonly parts?: readonly string[];
}

export type RecordValues = Readonly<Record<string, unknown>>;

const LONGEST = 5_000;

/** What is given of a record, as it is kept: texts without space around them, null for what is left out. */
export function givenValues(spec: RecordSpec, input: RecordValues): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(spec.fields).flatMap(([name, { given, kind }]) => {
      if (!given) return [];
      const value = input[name] ?? null;
      if (typeof value === 'string' && kind === 'TEXT') return [[name, value.trim() || null]];
      return [[name, value]];
    }),
  );
}

/** Checks what is given of a record, in the order of its fields. */
export function checkGiven(issues: Issues, spec: RecordSpec, values: RecordValues): void {
  for (const [name, field] of Object.entries(spec.fields)) {
    if (!(name in values)) continue;
    const value = values[name];
    if (value === null || value === undefined) {
      issues.expect(field.given !== 'NEEDED', name, text('something, not nothing', '必填'));
      continue;
    }
    const longest = field.longest ?? LONGEST;
    if (field.kind === 'TEXT')
      issues.expect(
        String(value).length <= longest,
        name,
        text(`at most ${longest} characters`, `最多 ${longest} 字`),
      );
    if (field.kind === 'TEXTS')
      issues.expect(
        (value as string[]).length <= 100 &&
          (value as string[]).every((one) => one.trim().length > 0 && one.length <= 200),
        name,
        text('at most 100 texts of 1 to 200 characters', '最多 100 项，每项 1 至 200 字'),
      );
    if (field.kind === 'INT')
      issues.expect((value as number) >= 0, name, text('a number of 0 or more', '不小于 0 的数'));
    if (field.kind === 'DECIMAL')
      issues.expect(
        /^\d{1,15}(\.\d{1,3})?$/.test(String(value)),
        name,
        text('a number of 0 or more with at most three places', '不小于 0、最多三位小数的数'),
      );
    if (field.kind === 'MONEY')
      issues.expect(
        isMoney(String(value)) && !String(value).startsWith('-'),
        name,
        text('an amount of 0 or more with at most two places', '不小于 0、最多两位小数的金额'),
      );
  }
}
