import { KpiDimensionKind } from '../generated/prisma/enums.ts';
import { choice, required, words } from '../import/fields.ts';
import type { FieldIssue, ImportContext, ImportKind, RowIssue } from '../import/kind.ts';
import { repeatedRows } from '../import/references.ts';
import type { ImportColumns, ImportRow } from '../import/table.ts';
import { InvalidInput, Issues } from '../lib/errors.ts';
import { localDate } from '../lib/periods.ts';
import { type Text, text } from '../lib/text.ts';
import { loadOrganisation, type Organisation } from '../organisation/queries.ts';
import { rolesWith } from '../organisation/rules/permissions.ts';
import { can, viewerOf } from '../organisation/rules/viewer.ts';
import { type Queryable, sql } from '../platform/sql.ts';
import { judge, watchPeriodEnds } from './commands/off-target.ts';
import { watchCloses } from './commands/close.ts';
import { KPIS, kpiOf } from './definitions/index.ts';
import { COMPANY_ID } from './queries/facts.ts';
import { targetsById } from './queries/values.ts';
import { checkTarget, defaultTolerance, readPeriod } from './rules/figures.ts';
import { KPI_SETTINGS } from './settings.ts';

const TARGET_FIELDS = {
  kpi: required(choice(Object.fromEntries(KPIS.map(({ key }) => [key, key])))),
  scope: required(choice(KpiDimensionKind)),
  scopeName: words(200),
  period: required(words(10)),
  value: required(words(30)),
  tolerance: words(30),
  setByNumber: required(words(100)),
} as const;

const TARGET_COLUMNS: ImportColumns = {
  key: { type: 'text', from: ['kpi'] },
  dimension_kind: { type: '"KpiDimensionKind"', from: ['scope'] },
  dimension_id: { type: 'uuid', from: ['scopeName'] },
  period: { type: 'text', from: ['period'] },
  value: { type: 'numeric(24, 6)', from: ['value'] },
  tolerance: { type: 'numeric(24, 6)', from: ['tolerance', 'value'] },
  set_by_id: { type: 'uuid', from: ['setByNumber'] },
  set_at: { type: 'timestamptz(3)', from: [] },
};

/**
 * What metrics should reach (KPM-02), by the rules of kpiTargetSet: the metric's own scopes and numbers, set by somebody
 * who may. A target that somebody has set here since is theirs.
 */
export const targetImport: ImportKind<typeof TARGET_FIELDS> = {
  name: 'targets',
  subject: 'KpiTarget',
  fields: TARGET_FIELDS,
  identifiedBy: ['kpi', 'scope', 'scopeName', 'period'],
  keepsExtra: false,
  table: {
    name: 'kpi_target',
    columns: TARGET_COLUMNS,
    natural: {
      columns: ['key', 'dimension_kind', 'dimension_id', 'period'],
      // By the unique index kpi_target_scope_key.
      match: sql`t.key = k.key and t.dimension_kind = k.dimension_kind
        and coalesce(t.dimension_id, ${COMPANY_ID}::uuid) = coalesce(k.dimension_id, ${COMPANY_ID}::uuid)
        and t.period = k.period`,
      touch: (now) => sql`, set_at = ${now}::timestamptz, version = t.version + 1`,
    },
    workedOn: sql`exists (
      select 1 from audit_log a
      where a.subject_type = 'KpiTarget' and a.subject_id = t.id and a.action = 'kpiTargetSet')`,
  },
  derive({ kpi, scope, scopeName, value, tolerance }, now) {
    const definition = kpiOf(kpi ?? '');
    const numbers = { value: value ?? '', tolerance };
    const found = issuesOf((issues) => {
      issues.expect(
        scope !== null && definition.dimensions.includes(scope),
        'scope',
        text(`one of ${definition.dimensions.join(', ')}`, `可用维度：${definition.dimensions.join('、')}`),
      );
      issues.expect(
        (scope === 'COMPANY') === (scopeName === null),
        'scopeName',
        scope === 'COMPANY'
          ? text('nothing: the whole company is meant', '不填：指整个公司')
          : text(`not empty: which ${scope} is meant`, `不能为空：指明具体的 ${scope}`),
      );
      checkTarget(issues, definition, numbers);
    });
    return {
      columns: { key: kpi, dimension_kind: scope, value, tolerance, set_at: now },
      issues: found,
    };
  },
  async resolve(db, rows, context) {
    const share = context.settings.get(KPI_SETTINGS.tolerance);
    const organisation = await loadOrganisation(db);
    const named = await namedScopes(db, rows, organisation);
    const setters = new Map([...organisation.employees.values()].map((one) => [one.number, one]));
    const issues = rows.flatMap((row): RowIssue[] => {
      const { columns, values } = row;
      columns.tolerance ??= defaultTolerance(String(values.value), share);
      const setter = setters.get(String(values.setByNumber));
      columns.set_by_id = setter?.id;
      return [
        ...periodIssues(row, context.timeZone),
        ...scopeIssues(row, named),
        ...(setter && maySet(setter, context) ? [] : [{ field: 'setByNumber', accepted: ACCEPTED_SETTER }]),
      ].map((issue) => ({ row, ...issue }));
    });
    const wrong = new Set(issues.map(({ row }) => row));
    return [
      ...issues,
      ...repeatedRows(rows, 'kpi', (row) => {
        const { key, dimension_kind: kind, dimension_id: id, period } = row.columns;
        return wrong.has(row) ? null : JSON.stringify([key, kind, id, period]);
      }),
    ];
  },
  complete: async () => undefined,
  async record(tx, written, { timeZone }) {
    const watched = written.map(({ id, row }) => ({
      targetId: id,
      period: readPeriod(String(row.columns.period), timeZone, 'period'),
    }));
    await watchPeriodEnds(tx, watched);
    const open = watched.filter(({ period }) => period.end > tx.now.getTime());
    await watchCloses(tx, [...new Map(open.map(({ period }) => [period.key, period])).values()]);
    await judge(
      tx,
      await targetsById(
        tx,
        written.map(({ id }) => id),
      ),
      timeZone,
    );
    tx.audit(
      ...written.map(({ id, row, changes }) => {
        const { set_at, ...after } = row.columns;
        const before =
          changes && Object.fromEntries(Object.entries(changes).map(([column, [was]]) => [column, was]));
        return {
          action: 'kpiTargetImport',
          subjectType: 'KpiTarget',
          subjectId: id,
          ...(before ? { before } : {}),
          after,
        };
      }),
    );
  },
};

const ACCEPTED_SETTER = text(
  `the number of an employee who may set targets: ${rolesWith('kpiTarget', 'write').join(', ')}`,
  `有权设定目标的员工工号：${rolesWith('kpiTarget', 'write').join('、')}`,
);

function maySet(setter: Parameters<typeof viewerOf>[0], { now, timeZone }: ImportContext): boolean {
  const viewer = viewerOf(setter, now, localDate(now.getTime(), timeZone));
  return viewer !== null && can(viewer, 'kpiTarget', 'write');
}

/** What a check of the API finds, as issues of the fields that its paths name. */
function issuesOf(check: (issues: Issues) => void): FieldIssue[] {
  const issues = new Issues();
  try {
    check(issues);
    issues.throwIfAny();
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.issues.map(({ path, message }) => ({ field: path.join('.'), accepted: message }));
  }
}

function periodIssues({ columns, values }: ImportRow, timeZone: string): FieldIssue[] {
  return issuesOf(() => {
    columns.period = readPeriod(String(values.period), timeZone, 'period').key;
  });
}

type NamedScopes = Readonly<Record<KpiDimensionKind, ReadonlyMap<string, string | null>>>;

const ACCEPTED_SCOPES: Readonly<Record<KpiDimensionKind, Text>> = {
  COMPANY: text('nothing', '不填'),
  DEPARTMENT: text('the code or name of a department here', '已有部门的代码或名称'),
  TEAM: text(
    'the name of one team here, or its department and name as 市场营销部/客户服务组',
    '已有团队的名称，重名时写“部门/团队”',
  ),
  AREA: text('the code or name of an area here', '已有区域的代码或名称'),
  EMPLOYEE: text('the number of an employee', '已有员工的工号'),
  CUSTOMER: text('the number of a customer here', '已有客户的编号'),
};

function scopeIssues({ columns, values }: ImportRow, named: NamedScopes): FieldIssue[] {
  const kind = values.scope as KpiDimensionKind;
  if (kind === 'COMPANY') return [];
  const id = named[kind].get(String(values.scopeName)) ?? null;
  columns.dimension_id = id;
  return id === null ? [{ field: 'scopeName', accepted: ACCEPTED_SCOPES[kind] }] : [];
}

/** What rows may name: the directory knows all but customers, which take one statement. */
async function namedScopes(
  db: Queryable,
  rows: readonly ImportRow[],
  { departments, teams, areas, employees }: Organisation,
): Promise<NamedScopes> {
  const numbers = rows.flatMap(({ values }) => (values.scope === 'CUSTOMER' ? [values.scopeName] : []));
  const customers =
    numbers.length === 0
      ? []
      : await db.query<{ number: string; id: string }>(
          sql`select number, id from customer where number = any(${numbers}::text[])`,
        );
  return {
    COMPANY: new Map(),
    DEPARTMENT: byNames([...departments.values()].map((one) => [one.id, one.code, one.name, one.nameEn])),
    TEAM: byNames(
      [...teams.values()].map(({ id, departmentId, name, nameEn }) => {
        const department = departments.get(departmentId);
        return [id, name, nameEn, `${department?.name}/${name}`, `${department?.code}/${nameEn}`];
      }),
    ),
    AREA: byNames([...areas.values()].map((one) => [one.id, one.code, one.name, one.nameEn])),
    EMPLOYEE: byNames([...employees.values()].map(({ id, number }) => [id, number])),
    CUSTOMER: byNames(customers.map(({ id, number }) => [id, number])),
  };
}

/** Ids by each of their names; null for a name that two have. */
function byNames(named: readonly (readonly string[])[]): Map<string, string | null> {
  const ids = new Map<string, string | null>();
  for (const [id = '', ...names] of named) {
    for (const name of new Set(names)) ids.set(name, ids.has(name) ? null : id);
  }
  return ids;
}
