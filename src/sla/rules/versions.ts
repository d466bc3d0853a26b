import {
  NoOpenTime,
  businessCalendar,
  type CalendarDefinition,
  isWindow,
  overlappingWindows,
} from '../../lib/business-calendar.ts';
import { parseDuration } from '../../lib/duration.ts';
import { InvalidInput, Issues } from '../../lib/errors.ts';
import { type Text, text } from '../../lib/text.ts';
import type { Instant } from '../../lib/periods.ts';
import type { LimitKind } from '../../tickets/rules/sla-clock.ts';

export const WEEKDAYS = [
  'MONDAY',
  'TUESDAY',
  'WEDNESDAY',
  'THURSDAY',
  'FRIDAY',
  'SATURDAY',
  'SUNDAY',
] as const;
export type WeekdayName = (typeof WEEKDAYS)[number];

/** The windows of a weekday as clients give them; a weekday that is not named is closed. */
export interface WeekdayHours {
  readonly weekday: WeekdayName;
  readonly windows: readonly string[];
}

/** A day with hours of its own; without windows it has those of an ordinary working day. */
export interface ExtraWorkday {
  readonly day: string;
  readonly windows?: readonly string[] | null;
}

export interface CalendarDraft {
  readonly code: string;
  readonly name: string;
  readonly nameEn: string;
  /** Null: that of the deployment. */
  readonly timeZone: string | null;
  readonly alwaysOpen: boolean;
  readonly weekly: readonly WeekdayHours[];
  readonly holidays: readonly string[];
  readonly extraWorkdays: readonly ExtraWorkday[];
}

/** Days that a calendar may name: 15 a year for longer than anybody plans. */
const DAYS_MAX = 1_000;
const WINDOWS_MAX = 12;
const CODE = /^[A-Z][A-Z0-9_]{1,39}$/;

/** The weekdays of a calendar by their ISO number, as it is kept. */
export function weeklyOf(hours: readonly WeekdayHours[]): CalendarDefinition['weekly'] {
  const windows = new Map(hours.map((day) => [day.weekday, day.windows]));
  const [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = WEEKDAYS.map(
    (weekday) => windows.get(weekday) ?? [],
  ) as [string[], string[], string[], string[], string[], string[], string[]];
  return { 1: monday, 2: tuesday, 3: wednesday, 4: thursday, 5: friday, 6: saturday, 7: sunday };
}

/** The weekdays of a kept calendar, Monday first; closed ones are left out. */
export function hoursOf(weekly: Readonly<Record<string, readonly string[]>>): WeekdayHours[] {
  return WEEKDAYS.map((weekday, index) => ({ weekday, windows: weekly[String(index + 1)] ?? [] })).filter(
    ({ windows }) => windows.length > 0,
  );
}

/** Refuses a calendar with everything that is wrong with it: windows that overlap, a zone nobody knows, a holiday twice. */
export function checkCalendar(draft: CalendarDraft, timeZone: string, now: Instant): void {
  const issues = new Issues();
  issues.expect(
    CODE.test(draft.code),
    'code',
    text('2 to 40 of A-Z, 0-9 and _, a letter first', '2 到 40 个 A-Z、0-9 或 _，以字母开头'),
  );
  for (const field of ['name', 'nameEn'] as const) {
    issues.expect(
      draft[field].trim() !== '' && draft[field].length <= 80,
      field,
      text('1 to 80 characters', '1 到 80 字'),
    );
  }
  expectWeek(issues, draft.weekly);
  expectDays(issues, draft);
  issues.throwIfAny();
  checkOpens(draft, timeZone, now);
}

function expectWeek(issues: Issues, weekly: readonly WeekdayHours[]): void {
  const weekdays = weekly.map(({ weekday }) => weekday);
  let written = true;
  weekly.forEach(({ weekday, windows }, index) => {
    issues.expect(
      weekdays.indexOf(weekday) === index,
      `weekly.${index}.weekday`,
      text('each weekday once', '每个星期几只能出现一次'),
    );
    issues.expect(
      windows.length <= WINDOWS_MAX,
      `weekly.${index}.windows`,
      text(`at most ${WINDOWS_MAX} windows a day`, `每天最多 ${WINDOWS_MAX} 个时段`),
    );
    windows.forEach((window, place) => {
      written &&= isWindow(window);
      issues.expect(isWindow(window), `weekly.${index}.windows.${place}`, ACCEPTED_WINDOW);
    });
  });
  if (!written || new Set(weekdays).size < weekdays.length) return;
  for (const { weekday, index } of overlappingWindows(weeklyOf(weekly))) {
    const at = weekdays.indexOf(WEEKDAYS[Number(weekday) - 1] as WeekdayName);
    issues.expect(false, `weekly.${at}.windows.${index}`, ACCEPTED_APART);
  }
}

function expectDays(issues: Issues, { holidays, extraWorkdays }: CalendarDraft): void {
  issues.expect(
    holidays.length <= DAYS_MAX,
    'holidays',
    text(`at most ${DAYS_MAX} days`, `最多 ${DAYS_MAX} 天`),
  );
  issues.expect(
    extraWorkdays.length <= DAYS_MAX,
    'extraWorkdays',
    text(`at most ${DAYS_MAX} days`, `最多 ${DAYS_MAX} 天`),
  );
  const seen = new Set<string>();
  holidays.forEach((day, index) => {
    issues.expect(!seen.has(day), `holidays.${index}`, text('each holiday once', '每个节假日只能列出一次'));
    seen.add(day);
  });
  const extra = new Set<string>();
  extraWorkdays.forEach(({ day, windows }, index) => {
    const path = `extraWorkdays.${index}`;
    issues.expect(
      !extra.has(day),
      `${path}.day`,
      text('each make-up workday once', '每个调休工作日只能列出一次'),
    );
    issues.expect(!seen.has(day), `${path}.day`, text('a day that is no holiday', '不能同时是节假日'));
    extra.add(day);
    if (windows == null) return;
    issues.expect(
      windows.length > 0 && windows.length <= WINDOWS_MAX,
      `${path}.windows`,
      text(
        `1 to ${WINDOWS_MAX} windows, or none of its own: the hours of a working day`,
        `1 到 ${WINDOWS_MAX} 个时段；不填则与普通工作日相同`,
      ),
    );
    windows.forEach((window, place) => {
      issues.expect(isWindow(window), `${path}.windows.${place}`, ACCEPTED_WINDOW);
    });
    if (!windows.every(isWindow)) return;
    const alone = { 1: windows, 2: [], 3: [], 4: [], 5: [], 6: [], 7: [] };
    for (const place of overlappingWindows(alone)) {
      issues.expect(false, `${path}.windows.${place.index}`, ACCEPTED_APART);
    }
  });
}

/** What else a calendar must be: a known zone, hours on some weekday, and open time within a year. */
function checkOpens(draft: CalendarDraft, timeZone: string, now: Instant): void {
  const weekly = weeklyOf(draft.weekly);
  try {
    const calendar = businessCalendar({
      ...draft,
      timeZone: draft.timeZone ?? timeZone,
      weekly,
      extraWorkdays: draft.extraWorkdays,
    });
    calendar.add(now, calendar.businessDayMs);
  } catch (error) {
    if (error instanceof NoOpenTime) {
      throw new InvalidInput([
        { path: ['holidays'], message: text('days that leave the desk open at some time', '需保留营业时间') },
      ]);
    }
    throw error;
  }
}

const ACCEPTED_WINDOW = text(
  '"HH:MM-HH:MM"; 00:00-24:00 is the whole day, an end at or before the start lies on the next day',
  '"HH:MM-HH:MM"；00:00-24:00 为全天，结束不晚于开始表示跨到次日',
);
const ACCEPTED_APART = text(
  'a window that begins when no other is open, also none of the day before',
  '不与其他时段重叠（包括前一天的跨夜时段）',
);

/** The limits of a policy under the names of the API. */
export const LIMIT_FIELDS = {
  acknowledge: 'ACKNOWLEDGE',
  firstResponse: 'FIRST_RESPONSE',
  decision: 'DECISION',
  progress: 'PROGRESS',
  resolution: 'RESOLUTION',
} as const satisfies Record<string, LimitKind>;
export type LimitField = keyof typeof LIMIT_FIELDS;

export interface PolicyDraft extends Readonly<Record<Exclude<LimitField, 'resolution'>, string | null>> {
  readonly category: 'INQUIRY' | 'SHIPMENT_QUERY' | 'COMPLAINT';
  readonly calendarCode: string;
  readonly resolution: string | null;
  readonly pauseWhileWaiting: boolean | null;
  readonly gradeFactors: Readonly<Record<string, number>>;
  readonly levelFactors: Readonly<Record<string, number>>;
}

/** Refuses a policy that breaks a rule of its own: `calendarAlwaysOpen` is null where there is no such calendar. */
export function checkPolicy(draft: PolicyDraft, calendarAlwaysOpen: boolean | null): void {
  const issues = new Issues();
  const complaint = draft.category === 'COMPLAINT';
  for (const field of Object.keys(LIMIT_FIELDS) as LimitField[]) {
    const limit = draft[field];
    issues.expect(limit === null || isLimit(limit), field, ACCEPTED_LIMIT);
  }
  issues.expect(
    draft.resolution !== null,
    'resolution',
    text('a final limit: every ticket has one (TIC-12)', '必须有最终时限（TIC-12）'),
  );
  issues.expect(
    calendarAlwaysOpen !== null,
    'calendarCode',
    text('the code of an approved calendar', '已批准日历的代码'),
  );
  issues.expect(
    !complaint || calendarAlwaysOpen !== false,
    'calendarCode',
    text(
      'a calendar that is always open: complaint clocks run 24x7 (TIC-36)',
      '投诉时钟须 24x7 运行（TIC-36）',
    ),
  );
  issues.expect(
    !complaint || draft.pauseWhileWaiting !== true,
    'pauseWhileWaiting',
    text('false: complaint clocks never pause (TIC-36)', '投诉时钟从不暂停（TIC-36）'),
  );
  for (const [field, factors] of [
    ['gradeFactors', draft.gradeFactors],
    ['levelFactors', draft.levelFactors],
  ] as const) {
    issues.expect(
      Object.values(factors).every(isFactor),
      field,
      text('factors from 0.01 to 1 with at most two places', '0.01 到 1 之间、最多两位小数'),
    );
  }
  issues.throwIfAny();
}

const ACCEPTED_LIMIT: Text = text(
  'a duration above zero of at most 366 days, such as PT30M, PT2H or P1D',
  '大于零且不超过 366 天的时长，如 PT30M、PT2H、P1D',
);

function isLimit(limit: string): boolean {
  try {
    const { days, milliseconds } = parseDuration(limit);
    return days + milliseconds / 86_400_000 <= 366;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function isFactor(factor: number): boolean {
  return factor >= 0.01 && factor <= 1 && Number.isInteger(Math.round(factor * 1e6) / 1e4);
}

/** What a calendar becomes: what is given over what it was. */
export function draftCalendar(code: string, base: KeptCalendar | null, given: CalendarChange): CalendarDraft {
  return {
    code,
    name: (given.name ?? base?.name ?? '').trim(),
    nameEn: (given.nameEn ?? base?.nameEn ?? '').trim(),
    timeZone: given.timeZone === undefined ? (base?.timeZone ?? null) : given.timeZone,
    alwaysOpen: given.alwaysOpen ?? base?.alwaysOpen ?? false,
    weekly: given.weekly ?? hoursOf(base?.weekly ?? {}),
    holidays: given.holidays ?? base?.holidays ?? [],
    extraWorkdays: given.extraWorkdays ?? base?.extraWorkdays ?? [],
  };
}

export type CalendarChange = Partial<{
  readonly [Field in keyof Omit<CalendarDraft, 'code'>]: CalendarDraft[Field] | null;
}>;

export interface KeptCalendar {
  readonly revision: number;
  readonly name: string;
  readonly nameEn: string;
  readonly timeZone: string | null;
  readonly alwaysOpen: boolean;
  readonly weekly: Readonly<Record<string, readonly string[]>>;
  readonly holidays: readonly string[];
  readonly extraWorkdays: readonly ExtraWorkday[];
}

export interface PolicyChange extends Partial<Readonly<Record<LimitField, string | null>>> {
  readonly calendarCode?: string | null;
  readonly pauseWhileWaiting?: boolean | null;
  readonly gradeFactors?: readonly { readonly grade: string; readonly factor: string }[] | null;
  readonly levelFactors?: readonly { readonly level: string; readonly factor: string }[] | null;
}

export interface KeptPolicy extends PolicyDraft {
  readonly revision: number;
  readonly severity: 'GENERAL' | 'SERIOUS' | null;
}

/** What a policy becomes: what is given over what it was; null takes a limit away. */
export function draftPolicy(base: KeptPolicy, change: PolicyChange): PolicyDraft {
  const given = <Value>(value: Value | undefined, kept: Value) => (value === undefined ? kept : value);
  return {
    category: base.category,
    calendarCode: change.calendarCode ?? base.calendarCode,
    acknowledge: given(change.acknowledge, base.acknowledge),
    firstResponse: given(change.firstResponse, base.firstResponse),
    decision: given(change.decision, base.decision),
    progress: given(change.progress, base.progress),
    resolution: given(change.resolution, base.resolution),
    pauseWhileWaiting: given(change.pauseWhileWaiting, base.pauseWhileWaiting),
    gradeFactors: factors(change.gradeFactors, 'gradeFactors', 'grade') ?? base.gradeFactors,
    levelFactors: factors(change.levelFactors, 'levelFactors', 'level') ?? base.levelFactors,
  };
}

function factors<Key extends string>(
  given: readonly ({ readonly factor: string } & Readonly<Record<Key, string>>)[] | null | undefined,
  field: string,
  key: Key,
): Record<string, number> | null {
  if (given == null) return given === null ? {} : null;
  const issues = new Issues();
  given.forEach((one, index) => {
    const first = given.findIndex((other) => other[key] === one[key]);
    issues.expect(first === index, `${field}.${index}.${key}`, text('each once', '每个只能出现一次'));
  });
  issues.throwIfAny();
  return Object.fromEntries(given.map((one) => [one[key], Number(one.factor)]));
}
