import { z } from 'zod';
import { isNamedTimeZone } from '../lib/business-calendar.ts';
import { type Text, text } from '../lib/text.ts';
import { type Field, type FieldSet, instant, required } from './fields.ts';
import { ACCEPTED_FORMATS, instantReader, isFormat } from './instants.ts';
import { fieldsOf, type ImportKind } from './kind.ts';
import { ImportStopped } from './stopped.ts';

/** How one field is filled. */
const RULE = z.strictObject({
  /** The file's column. */
  column: z.string().min(1).optional(),
  /** The same value for every row, instead of a column. */
  constant: z.string().min(1).optional(),
  /** Code table: the file's words to the field's. */
  values: z.record(z.string(), z.string()).optional(),
  /** For words that the code table lacks. */
  otherwise: z.string().optional(),
  /** Texts that say that the value is not known: whole cells, or patterns that a whole cell matches. */
  unknown: z
    .strictObject({
      texts: z.array(z.string().min(1)).optional(),
      patterns: z.array(z.string().min(1)).optional(),
    })
    .optional(),
  /** For an empty cell. */
  default: z.string().min(1).optional(),
  /** Whether a row without it is refused. */
  required: z.boolean().optional(),
  /** Spaces around the value are dropped unless false. */
  trim: z.boolean().optional(),
  /** How times are written. */
  format: z.string().optional(),
  timeZone: z.string().optional(),
  /** How numbers are written where it is not 1250.00; signs of currencies around them are left out. */
  number: z
    .strictObject({
      decimal: z.enum(['.', ',']),
      thousands: z.enum([',', '.', ' ', "'"]).optional(),
    })
    .optional(),
});

type Rule = z.output<typeof RULE>;

/** A column's name alone is short for a rule that names it. */
const SHORT_RULE = z.preprocess((given) => (typeof given === 'string' ? { column: given } : given), RULE);

const MAPPING = z.strictObject({
  kind: z.string(),
  /** Name of the system that the file comes from. */
  source: z.string().min(1),
  /** The column that identifies a row in its source, for good. */
  externalId: SHORT_RULE,
  /** Of a CSV file; a comma unless given. */
  delimiter: z.string().length(1).optional(),
  format: z.string().optional(),
  timeZone: z.string().optional(),
  fields: z.record(z.string(), SHORT_RULE),
  /** Columns that are kept as facts of the source. */
  extra: z.array(z.string().min(1)).optional(),
  /** Rows of the same id with the same values are one record instead of a mistake. */
  repeats: z.boolean().optional(),
  /** The column with the time of each change: the file is a log, whose rows of one record stand together. */
  log: SHORT_RULE.optional(),
});

/** How a file's columns fill the fields of a kind. */
export interface Mapping {
  readonly delimiter: string;
  /** By field, source and externalId among them. */
  readonly rules: Readonly<Record<string, Rule>>;
  readonly format: string | null;
  readonly timeZone: string | null;
  readonly extra: readonly string[];
  /** Whether rows may repeat a record of the file word for word. */
  readonly repeats: boolean;
  /** Where the time of a change stands; null where the file is no log. */
  readonly log: Rule | null;
  /** A cell that no rule names is a mistake, not one of the file's other columns. */
  readonly closed: boolean;
}

/** Reads a mapping file; everything wrong with it is told at once. */
export function parseMapping(name: string, content: string, kind: ImportKind): Mapping {
  const wrong = new Findings(name);
  // Where the area's own fields tell records apart, nothing else does.
  const schema = kind.identifiedBy ? MAPPING.omit({ source: true, externalId: true }) : MAPPING;
  const parsed = schema.safeParse(parseJson(name, content));
  if (!parsed.success) {
    for (const issue of parsed.error.issues)
      wrong.add(issue.path.join('.') || 'the file', schemaMessage(issue, Object.keys(schema.shape)));
    throw wrong.stopped();
  }
  const {
    kind: named,
    fields,
    delimiter = ',',
    format = null,
    timeZone = null,
    extra = [],
    repeats = false,
    log = null,
  } = parsed.data;
  const known = kind.fields;
  wrong.expect(
    named === kind.name,
    'kind',
    text(`${kind.name}, as on the command line`, `${kind.name}，与命令行一致`),
  );
  wrong.expect(
    extra.length === 0 || kind.keepsExtra,
    'extra',
    text(`nothing: ${kind.name} keep no further facts`, `不填：${kind.name} 不保存其他列`),
  );
  for (const field of Object.keys(fields)) {
    wrong.expect(
      Object.hasOwn(known, field),
      `fields.${field}`,
      text(`the fields ${Object.keys(known).join(', ')}`, `字段 ${Object.keys(known).join('、')}`),
    );
  }
  for (const [field, { required }] of Object.entries(known)) {
    wrong.expect(
      !required || Object.hasOwn(fields, field),
      `fields.${field}`,
      text('a rule, for every row needs it', '必须给出规则，每行都需要'),
    );
  }
  const { source, externalId } = parsed.data as Partial<z.output<typeof MAPPING>>;
  const rules = {
    ...(source === undefined ? {} : { source: { constant: source } }),
    ...(externalId === undefined ? {} : { externalId }),
    ...fields,
  };
  checkTimes(wrong, '', { format, timeZone });
  wrong.expect(
    externalId === undefined || externalId.column !== undefined,
    'externalId',
    text('a column, with another value in every row', '列名，每行的值互不相同'),
  );
  for (const [field, rule] of Object.entries<Rule>(rules))
    checkRule(wrong, field, rule, fieldsOf(kind)[field]);
  if (log) checkLog(wrong, log, kind, { fields, repeats });
  wrong.throwIfAny();
  return { delimiter, rules, format, timeZone, extra, repeats, log, closed: false };
}

/** Without a mapping file the columns bear the names of the fields. Where rows name their own, each may name any. */
export function ownNames(columns: readonly string[] | null, kind: ImportKind): Mapping {
  const fields = fieldsOf(kind);
  const names = Object.keys(fields);
  const unknown = (columns ?? []).filter((column) => !names.includes(column));
  const missing = columns ? names.filter((name) => fields[name]?.required && !columns.includes(name)) : [];
  if (unknown.length > 0 || missing.length > 0) {
    throw new ImportStopped(
      text(
        `Without --mapping the columns bear the names of fields${
          unknown.length > 0 ? `; ${unknown.join(', ')} is none` : ''
        }${missing.length > 0 ? `; ${missing.join(', ')} is missing` : ''}. Accepted: ${names.join(', ')}.`,
        `未使用 --mapping 时，列名须为字段名${unknown.length > 0 ? `；${unknown.join('、')} 不是字段` : ''}${
          missing.length > 0 ? `；缺少 ${missing.join('、')}` : ''
        }。可用：${names.join('、')}。`,
      ),
    );
  }
  return {
    delimiter: ',',
    rules: Object.fromEntries((columns ?? names).map((name) => [name, { column: name }])),
    format: null,
    timeZone: null,
    extra: [],
    repeats: false,
    log: null,
    closed: true,
  };
}

/** What is wrong with one cell. */
export interface CellIssue {
  readonly column: string;
  readonly value: string;
  readonly accepted: Text;
}

export interface MappedRow {
  /** By field; null where the file has nothing. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly extra: Readonly<Record<string, string>> | null;
  /** When the change took place; null where the file is no log, or without a time that can be read. */
  readonly loggedAt: Date | null;
  readonly issues: readonly CellIssue[];
}

export interface RowMapper {
  /** The fields that the file fills; `extra` among them when columns are kept. */
  readonly mapped: ReadonlySet<string>;
  /** Whether rows may repeat a record of the file word for word. */
  readonly repeats: boolean;
  /** Whether the file has one row per change of a record. */
  readonly isLog: boolean;
  map(cells: ReadonlyMap<string, string>): MappedRow;
  /** The file's name of a field or of the time of a change. */
  column(field: string): string;
  /** The same with what a row has there, for messages. */
  cell(
    field: string,
    cells: ReadonlyMap<string, string>,
  ): { readonly column: string; readonly value: string };
}

/** Makes a mapping ready for the columns of a file; `timeZone` is that of the deployment. */
export function rowMapper(
  kind: ImportKind,
  mapping: Mapping,
  columns: readonly string[] | null,
  timeZone: string,
  /** Whether cells that are dates come as ISO 8601 beside those that are text: in workbooks. */
  typedDates = false,
): RowMapper {
  requireColumns(mapping, columns);
  const fields = fieldsOf(kind);
  const fillers = Object.entries(mapping.rules).map(([name, rule]) =>
    filler(name, rule, fields, mapping, { timeZone, typedDates }),
  );
  const fillLoggedAt =
    mapping.log && filler(LOGGED_AT, mapping.log, LOG_FIELDS, mapping, { timeZone, typedDates });
  const absent = Object.fromEntries(Object.keys(fields).map((name) => [name, null]));
  return {
    mapped: new Set([...Object.keys(mapping.rules), ...(keepsFacts(mapping) ? ['extra'] : [])]),
    repeats: mapping.repeats,
    isLog: mapping.log !== null,
    map(cells) {
      const values: Record<string, unknown> = { ...absent };
      const logged: Record<string, unknown> = {};
      const issues: CellIssue[] = [];
      const notKnown: string[] = [];
      for (const fill of fillers) fill(cells, values, issues, notKnown);
      fillLoggedAt?.(cells, logged, issues, notKnown);
      if (mapping.closed) issues.push(...unknownCells(mapping, cells));
      const columns = [...new Set([...mapping.extra, ...notKnown])];
      return {
        values,
        extra: keepsFacts(mapping) ? extraFacts(columns, cells, issues) : null,
        loggedAt: (logged[LOGGED_AT] as Date | undefined) ?? null,
        issues,
      };
    },
    column(field) {
      const rule = field === LOGGED_AT ? mapping.log : mapping.rules[field];
      return rule?.column ?? field;
    },
    cell(field, cells) {
      const column = mapping.rules[field]?.column;
      return { column: column ?? field, value: column === undefined ? '' : (cells.get(column) ?? '') };
    },
  };
}

/** Name of the time of a change among the fields, for messages. */
export const LOGGED_AT = 'loggedAt';

const LOG_FIELDS = { [LOGGED_AT]: required(instant()) };

type Filler = (
  cells: ReadonlyMap<string, string>,
  values: Record<string, unknown>,
  issues: CellIssue[],
  /** Columns whose text says that the value is not known; what it says is kept as a fact of the source. */
  notKnown: string[],
) => void;

function keepsFacts({ extra, rules }: Mapping): boolean {
  return extra.length > 0 || Object.values(rules).some((rule) => rule.unknown !== undefined);
}

/** Whether a cell says that the value is not known. */
function unknownReader({
  texts = [],
  patterns = [],
}: NonNullable<Rule['unknown']>): (text: string) => boolean {
  const known = new Set(texts);
  const expressions = patterns.map((pattern) => new RegExp(`^(?:${pattern})$`, 'u'));
  return (given) => known.has(given) || expressions.some((expression) => expression.test(given));
}

function isPattern(pattern: string): boolean {
  try {
    new RegExp(`^(?:${pattern})$`, 'u');
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** What is accepted beside a value. */
function orUnknown({ texts = [], patterns = [] }: NonNullable<Rule['unknown']>, accepted: Text): Text {
  const words = [...texts, ...patterns.map((pattern) => `/${pattern}/`)];
  return text(
    `${accepted.en}; or as not known ${words.join(', ')}`,
    `${accepted.zh}；或表示未知的 ${words.join('、')}`,
  );
}

function filler(
  name: string,
  rule: Rule,
  fields: FieldSet,
  mapping: Mapping,
  { timeZone, typedDates }: { readonly timeZone: string; readonly typedDates: boolean },
): Filler {
  const field = fields[name] as Field;
  const instants = instantReader(
    rule.format ?? mapping.format,
    rule.timeZone ?? mapping.timeZone ?? timeZone,
    typedDates,
  );
  const { column, constant } = rule;
  if (column === undefined) {
    const value = field.read(constant ?? '', instants);
    return (_cells, values) => {
      values[name] = value;
    };
  }
  const needed = rule.required ?? field.required;
  const table = rule.values && new Map(Object.entries(rule.values));
  const { unknown } = rule;
  const isUnknown = unknown && unknownReader(unknown);
  const plain = rule.number && numberReader(rule.number);
  const value =
    table && rule.otherwise === undefined
      ? listed([...table.keys()])
      : field.timed
        ? instants.accepted
        : field.accepted;
  const accepted = unknown ? orUnknown(unknown, value) : value;
  const acceptedFilled = text(`not empty; ${accepted.en}`, `不能为空；${accepted.zh}`);
  return (cells, values, issues, notKnown) => {
    const cell = cells.get(column) ?? '';
    const given = rule.trim === false ? cell : cell.trim();
    if (isUnknown?.(given)) {
      notKnown.push(column);
      return;
    }
    if (CELL_ERRORS.has(given) && !table?.has(given)) {
      issues.push({ column, value: cell, accepted: noCellError(accepted) });
      return;
    }
    const filled =
      given.trim() === ''
        ? rule.default
        : table
          ? (table.get(given) ?? rule.otherwise)
          : plain
            ? plain(given)
            : given;
    if (filled === undefined && given.trim() === '') {
      if (needed) issues.push({ column, value: cell, accepted: acceptedFilled });
      return;
    }
    const value = filled !== undefined && isStorable(filled) ? field.read(filled, instants) : undefined;
    if (value === undefined) issues.push({ column, value: cell, accepted });
    else values[name] = value;
  };
}

/** A number as 1250.00 where it is written ¥1,250.00, 1.250,00 € or 1250元; any other text as it is. */
function numberReader({ decimal, thousands }: NonNullable<Rule['number']>): (text: string) => string {
  const mark = thousands === ' ' ? '[ \\u00a0\\u202f]' : thousands === undefined ? '(?!)' : `[${thousands}]`;
  const pattern = new RegExp(
    `^(-?)\\s*(?:[¥￥$€£]|CNY|RMB|USD|EUR)?\\s*(\\d{1,3}(?:${mark}\\d{3})+|\\d+)(?:[${decimal}](\\d+))?\\s*(?:[¥￥$€£元]|CNY|RMB|USD|EUR)?$`,
    'u',
  );
  return (given) => {
    const [, sign, whole, places] = pattern.exec(given) ?? [];
    if (whole === undefined) return given;
    return `${sign}${whole.replaceAll(/\D/g, '')}${places === undefined ? '' : `.${places}`}`;
  };
}

/** What spreadsheets show where a formula has no value; it stays as text in files that they export. */
const CELL_ERRORS: ReadonlySet<string> = new Set([
  '#NULL!',
  '#DIV/0!',
  '#VALUE!',
  '#REF!',
  '#NAME?',
  '#NUM!',
  '#N/A',
  '#SPILL!',
  '#CALC!',
]);

function noCellError(accepted: Text): Text {
  return text(`${accepted.en}; the spreadsheet has an error there`, `${accepted.zh}；表格在此处为公式错误`);
}

const LISTED = 20;

function listed(words: readonly string[]): Text {
  const shown = words.slice(0, LISTED);
  const more = words.length - shown.length;
  return more > 0
    ? text(`one of ${shown.join(', ')} and ${more} others`, `${shown.join('、')} 等 ${words.length} 项之一`)
    : text(`one of ${shown.join(', ')}`, `${shown.join('、')} 之一`);
}

/** Rows of JSON name their columns themselves. */
function unknownCells(mapping: Mapping, cells: ReadonlyMap<string, string>): CellIssue[] {
  const names = Object.keys(mapping.rules);
  return [...cells]
    .filter(([column]) => !Object.hasOwn(mapping.rules, column))
    .map(([column, value]) => ({
      column,
      value,
      accepted: text(`the fields ${names.join(', ')}`, `字段 ${names.join('、')}`),
    }));
}

/** What JSON can smuggle in and the database cannot keep: NUL, and halves of characters. */
function isStorable(value: string): boolean {
  return !value.includes('\0') && value.isWellFormed();
}

const STORABLE = text('text without NUL and without halves of characters', '不含 NUL 与残缺字符的文本');

function extraFacts(
  columns: readonly string[],
  cells: ReadonlyMap<string, string>,
  issues: CellIssue[],
): Record<string, string> {
  const facts: Record<string, string> = {};
  for (const column of columns) {
    const value = (cells.get(column) ?? '').trim();
    if (!isStorable(value)) issues.push({ column, value, accepted: STORABLE });
    else if (value !== '') facts[column] = value;
  }
  return facts;
}

function requireColumns(mapping: Mapping, columns: readonly string[] | null): void {
  if (!columns) return;
  const rules = [...Object.values(mapping.rules), ...(mapping.log ? [mapping.log] : [])];
  const wanted = [...rules.flatMap((rule) => rule.column ?? []), ...mapping.extra];
  const missing = [...new Set(wanted.filter((column) => !columns.includes(column)))];
  if (missing.length === 0) return;
  throw new ImportStopped(
    text(
      `The mapping names columns that the file lacks: ${missing.join(', ')}. Accepted: ${columns.join(', ')}.`,
      `映射中的列在文件中不存在：${missing.join('、')}。可用：${columns.join('、')}。`,
    ),
  );
}

/** A log says when each change took place and what state it led to; each of its records stands there once. */
function checkLog(
  wrong: Findings,
  log: Rule,
  kind: ImportKind,
  { fields, repeats }: { fields: Readonly<Record<string, Rule>>; repeats: boolean },
): void {
  wrong.expect(
    kind.log !== undefined,
    'log',
    text(`nothing: ${kind.name} have no history of changes`, `不填：${kind.name} 没有变更历史`),
  );
  wrong.expect(
    log.column !== undefined,
    'log',
    text('the column with the time of a change', '变更时间所在的列'),
  );
  wrong.expect(!repeats, 'repeats', text('nothing beside log', '与 log 同用时不填'));
  for (const field of kind.log?.needs ?? []) {
    wrong.expect(
      Object.hasOwn(fields, field),
      `fields.${field}`,
      text('a rule, for each entry of a log has it', '必须给出规则，日志的每条记录都需要'),
    );
  }
  checkRule(wrong, 'log', log, LOG_FIELDS[LOGGED_AT]);
}

/** Keys of the mapping itself that are rules. */
const OWN_RULES: ReadonlySet<string> = new Set(['source', 'externalId', 'log']);

function checkRule(wrong: Findings, name: string, rule: Rule, field: Field | undefined): void {
  if (!field) return;
  const path = OWN_RULES.has(name) ? name : `fields.${name}`;
  wrong.expect(
    (rule.column === undefined) !== (rule.constant === undefined),
    path,
    text('either a column or a constant', 'column 与 constant 二选一'),
  );
  wrong.expect(
    rule.otherwise === undefined || rule.values !== undefined,
    `${path}.otherwise`,
    text('only beside values', '仅可与 values 同用'),
  );
  wrong.expect(
    field.timed || (rule.format === undefined && rule.timeZone === undefined),
    path,
    text('format and timeZone for times only', 'format 与 timeZone 仅用于时间字段'),
  );
  wrong.expect(
    rule.unknown === undefined || (rule.column !== undefined && !field.required && !rule.required),
    `${path}.unknown`,
    text('only beside a column, of a field that need not be known', '仅可与 column 同用，且该字段非必填'),
  );
  wrong.expect(
    rule.number === undefined || rule.number.decimal !== rule.number.thousands,
    `${path}.number`,
    text('two different signs', '两个不同的符号'),
  );
  for (const pattern of rule.unknown?.patterns ?? []) {
    wrong.expect(
      isPattern(pattern),
      `${path}.unknown.patterns`,
      text(`a regular expression; ${pattern} is none`, `正则表达式；${pattern} 不是`),
    );
  }
  if (!checkTimes(wrong, `${path}.`, rule)) return;
  const instants = instantReader(rule.format ?? null, rule.timeZone ?? 'UTC');
  const accepted = field.timed ? instants.accepted : field.accepted;
  const fixed: [string, string | undefined][] = [
    ['constant', rule.constant],
    ['default', rule.default],
    ['otherwise', rule.otherwise],
    ...Object.entries(rule.values ?? {}).map(([word, code]): [string, string] => [`values.${word}`, code]),
  ];
  for (const [key, value] of fixed) {
    wrong.expect(
      value === undefined || field.read(value, instants) !== undefined,
      `${path}.${key}`,
      accepted,
    );
  }
}

/** False when the format or the time zone cannot be used. */
function checkTimes(
  wrong: Findings,
  prefix: string,
  times: { format?: string | null; timeZone?: string | null },
): boolean {
  const format = times.format == null || isFormat(times.format);
  const zone = times.timeZone == null || isNamedTimeZone(times.timeZone);
  wrong.expect(format, `${prefix}format`, ACCEPTED_FORMATS);
  wrong.expect(
    zone,
    `${prefix}timeZone`,
    text('an IANA time zone such as Asia/Shanghai', 'IANA 时区，例如 Asia/Shanghai'),
  );
  return format && zone;
}

/** Collects what is wrong with a mapping file. */
class Findings {
  readonly #name: string;
  readonly #found: { path: string; message: Text }[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  add(path: string, message: Text): void {
    this.#found.push({ path, message });
  }

  expect(condition: boolean, path: string, accepted: Text): void {
    if (!condition) this.add(path, text(`accepted: ${accepted.en}`, `可用：${accepted.zh}`));
  }

  throwIfAny(): void {
    if (this.#found.length > 0) throw this.stopped();
  }

  stopped(): ImportStopped {
    return new ImportStopped(
      text(
        [
          `${this.#name} cannot be used as a mapping:`,
          ...this.#found.map(({ path, message }) => `  ${path}: ${message.en}`),
        ].join('\n'),
        [
          `${this.#name} 不能用作映射：`,
          ...this.#found.map(({ path, message }) => `  ${path}：${message.zh}`),
        ].join('\n'),
      ),
    );
  }
}

function schemaMessage(issue: z.core.$ZodIssue, keys: readonly string[]): Text {
  if (issue.code !== 'unrecognized_keys') return text(issue.message, issue.message);
  const accepted = issue.path.length === 0 ? keys : Object.keys(RULE.shape);
  return text(
    `${issue.keys.join(', ')} is no key here; accepted: ${accepted.join(', ')}`,
    `没有键 ${issue.keys.join('、')}；可用：${accepted.join('、')}`,
  );
}

function parseJson(name: string, content: string): unknown {
  try {
    return JSON.parse(content.replace(/^\ufeff/, ''));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ImportStopped(
      text(`${name} is no JSON: ${error.message}`, `${name} 不是 JSON：${error.message}`),
    );
  }
}
