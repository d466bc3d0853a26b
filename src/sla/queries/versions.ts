import type { BusinessCalendar, SlaPolicy } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { any, columns, type Queryable, type Sql, sql } from '../../platform/sql.ts';
import { reached, type ViewerSql } from '../../platform/visibility.ts';
import type { ExtraWorkday, KeptCalendar, KeptPolicy } from '../rules/versions.ts';

/** What the database says of a version beside its columns. */
interface VersionFacts {
  /** When the version after it begins; null while none does. */
  readonly validTo: Date | null;
  readonly isInForce: boolean;
}

export type CalendarRow = Omit<BusinessCalendar, 'weekly' | 'extraWorkdays'> &
  VersionFacts & {
    readonly __typename: 'BusinessCalendar';
    readonly weekly: Readonly<Record<string, readonly string[]>>;
    readonly extraWorkdays: readonly ExtraWorkday[];
  };

export type PolicyRow = Omit<SlaPolicy, 'gradeFactors' | 'levelFactors'> &
  VersionFacts & {
    readonly __typename: 'SlaPolicy';
    readonly gradeFactors: Readonly<Record<string, number>>;
    readonly levelFactors: Readonly<Record<string, number>>;
  };

const DECISION_FIELDS = [
  'id',
  'code',
  'revision',
  'validFrom',
  'basedOn',
  'reason',
  'proposedById',
  'proposedAt',
  'approvedById',
  'approvedAt',
  'refusedById',
  'refusedAt',
  'decisionReason',
];

/** What is approved is for everybody to read; a proposal for those who read the register (section 26). */
export function versionVisible(viewer: ViewerSql, v: Sql): Sql {
  return any([sql`${v}.approved_at is not null`, reached(viewer, [['setting:read:ALL', sql`true`]])]);
}

/** The place of a version among those of its code: the one that began last, of two at once the one approved later. */
function place(v: Sql): Sql {
  return sql`(${v}.valid_from, ${v}.approved_at, ${v}.revision)`;
}

/** When the next version takes over; by the index (code, revision). */
function validTo(table: Sql, v: Sql): Sql {
  return sql`(select min(n.valid_from) from ${table} n
    where ${v}.approved_at is not null and n.code = ${v}.code and n.approved_at is not null
      and ${place(sql`n`)} > ${place(v)})`;
}

function inForce(table: Sql, v: Sql, now: Sql): Sql {
  return sql`(${v}.approved_at is not null and ${v}.valid_from <= ${now} and not exists (
    select 1 from ${table} n
    where n.code = ${v}.code and n.approved_at is not null and n.valid_from <= ${now}
      and ${place(sql`n`)} > ${place(v)}))`;
}

const VERSION_FIELDS = {
  code: { kind: 'String', column: sql`v.code` },
  revision: { kind: 'Int', column: sql`v.revision` },
  validFrom: { kind: 'DateTime', column: sql`v.valid_from` },
  proposedAt: { kind: 'DateTime', column: sql`v.proposed_at` },
  approvedAt: { kind: 'DateTime', column: sql`v.approved_at` },
} as const satisfies Record<string, ListField>;

export const CALENDAR_FIELDS = {
  ...VERSION_FIELDS,
  isInForce: { kind: 'Boolean', column: sql`true`, orderable: false },
} as const satisfies Record<string, ListField>;

export const POLICY_FIELDS = {
  ...VERSION_FIELDS,
  isInForce: { kind: 'Boolean', column: sql`true`, orderable: false },
  category: { kind: 'Enum', enumName: 'TicketCategory', column: sql`v.category` },
  severity: { kind: 'Enum', enumName: 'TicketSeverity', column: sql`v.severity` },
  calendarCode: { kind: 'String', column: sql`v.calendar_code` },
} as const satisfies Record<string, ListField>;

const CALENDARS = sql`business_calendar`;
const POLICIES = sql`sla_policy`;

function calendarColumns(reader: Reader): Sql {
  return sql`${columns('v', [
    ...DECISION_FIELDS,
    'name',
    'nameEn',
    'timeZone',
    'alwaysOpen',
    'weekly',
    'holidays',
    'extraWorkdays',
  ])}, 'BusinessCalendar' as "__typename", ${validTo(CALENDARS, sql`v`)} as "validTo",
    ${inForce(CALENDARS, sql`v`, reader.sees.now)} as "isInForce"`;
}

function policyColumns(reader: Reader): Sql {
  return sql`${columns('v', [
    ...DECISION_FIELDS,
    'category',
    'severity',
    'calendarCode',
    'acknowledge',
    'firstResponse',
    'decision',
    'progress',
    'resolution',
    'pauseWhileWaiting',
    'gradeFactors',
    'levelFactors',
  ])}, 'SlaPolicy' as "__typename", ${validTo(POLICIES, sql`v`)} as "validTo",
    ${inForce(POLICIES, sql`v`, reader.sees.now)} as "isInForce"`;
}

export function calendarList(reader: Reader): ListSource {
  const visible = versionVisible(reader.sees, sql`v`);
  return {
    from: sql`${CALENDARS} v`,
    id: sql`v.id`,
    select: calendarColumns(reader),
    visible,
    full: visible,
    fields: {
      ...CALENDAR_FIELDS,
      isInForce: { ...CALENDAR_FIELDS.isInForce, column: inForce(CALENDARS, sql`v`, reader.sees.now) },
    },
  };
}

export function policyList(reader: Reader): ListSource {
  const visible = versionVisible(reader.sees, sql`v`);
  return {
    from: sql`${POLICIES} v`,
    id: sql`v.id`,
    select: policyColumns(reader),
    visible,
    full: visible,
    fields: {
      ...POLICY_FIELDS,
      isInForce: { ...POLICY_FIELDS.isInForce, column: inForce(POLICIES, sql`v`, reader.sees.now) },
    },
  };
}

export const calendarById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<CalendarRow>(sql`
      select ${calendarColumns(reader)} from ${CALENDARS} v
      where v.id = any(${[...ids]}::uuid[]) and ${versionVisible(reader.sees, sql`v`)}`),
  ),
);

export const policyVersionById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<PolicyRow>(sql`
      select ${policyColumns(reader)} from ${POLICIES} v
      where v.id = any(${[...ids]}::uuid[]) and ${versionVisible(reader.sees, sql`v`)}`),
  ),
);

/** The version of a calendar in force now, by its code. By the index (code, revision). */
export const calendarInForce = defineLoader(async (reader: Reader, codes) => {
  const rows = await reader.query<CalendarRow>(sql`
    select ${calendarColumns(reader)} from ${CALENDARS} v
    where v.code = any(${[...codes]}::text[]) and ${inForce(CALENDARS, sql`v`, reader.sees.now)}`);
  const byCode = new Map(rows.map((row) => [row.code, row]));
  return codes.map((code) => byCode.get(code) ?? null);
});

/** The version that was approved last, which a proposal is written over. By the index (code, revision). */
export async function newestApproved<Kept>(
  db: Queryable,
  table: Sql,
  code: string,
  fields: readonly string[],
): Promise<(Kept & { readonly revision: number }) | null> {
  const [row] = await db.query<Kept & { readonly revision: number }>(sql`
    select ${columns('v', ['revision', ...fields])} from ${table} v
    where v.code = ${code} and v.approved_at is not null
    order by v.approved_at desc, v.revision desc limit 1`);
  return row ?? null;
}

export function newestCalendar(db: Queryable, code: string): Promise<KeptCalendar | null> {
  return newestApproved<KeptCalendar>(db, CALENDARS, code, [
    'name',
    'nameEn',
    'timeZone',
    'alwaysOpen',
    'weekly',
    'holidays',
    'extraWorkdays',
  ]);
}

export function newestPolicy(db: Queryable, code: string): Promise<KeptPolicy | null> {
  return newestApproved<KeptPolicy>(db, POLICIES, code, [
    'category',
    'severity',
    'calendarCode',
    'acknowledge',
    'firstResponse',
    'decision',
    'progress',
    'resolution',
    'pauseWhileWaiting',
    'gradeFactors',
    'levelFactors',
  ]);
}
