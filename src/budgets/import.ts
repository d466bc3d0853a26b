import { BudgetCategory, type BudgetState } from '../generated/prisma/enums.ts';
import { amount, choice, required, wholeNumber, words } from '../import/fields.ts';
import type { FieldIssue, ImportKind, RowIssue } from '../import/kind.ts';
import { repeatedRows } from '../import/references.ts';
import { byColumn, type ImportColumns, type ImportRow, type Written } from '../import/table.ts';
import { newId } from '../lib/ids.ts';
import { localDate } from '../lib/periods.ts';
import { text } from '../lib/text.ts';
import { loadOrganisation } from '../organisation/queries.ts';
import { hasRole, viewerOf } from '../organisation/rules/viewer.ts';
import type { Command } from '../platform/command.ts';
import { type Queryable, sql } from '../platform/sql.ts';
import { LINES_MAX, TEXT_MAX, YEARS } from './rules.ts';
import { BUDGET_SETTINGS } from './settings.ts';

/** What a file can bring: a draft, whose way through approval is yet to go, or the closed budget of a past year. */
const IMPORTED_STATES = { DRAFT: 'DRAFT', CLOSED: 'CLOSED' } as const satisfies Partial<
  Record<BudgetState, BudgetState>
>;

const BUDGET_FIELDS = {
  year: required(wholeNumber(YEARS.first, YEARS.last)),
  department: required(words(200)),
  category: required(choice(BudgetCategory)),
  item: required(words(TEXT_MAX)),
  scope: required(words(TEXT_MAX)),
  standard: amount(),
  amount: required(amount()),
  justification: required(words(TEXT_MAX)),
  state: choice(IMPORTED_STATES),
  drafterNumber: required(words(100)),
} as const;

const LINE_COLUMNS: ImportColumns = {
  budget_id: { type: 'uuid', from: ['year', 'department'] },
  number: { type: 'int', from: [] },
  category: { type: '"BudgetCategory"', from: ['category'] },
  item: { type: 'text', from: ['item'] },
  scope: { type: 'text', from: ['scope'] },
  standard: { type: 'numeric(18, 2)', from: ['standard'] },
  amount: { type: 'numeric(18, 2)', from: ['amount'] },
  justification: { type: 'text', from: ['justification'] },
  committed: { type: 'numeric(18, 2)', from: [] },
  paid: { type: 'numeric(18, 2)', from: [] },
};

/**
 * Lines of yearly budgets, each a row; the budget of a year and department is made with its first line (BUD-01, BUD-02,
 * BUD-03). Nobody's approval comes from a file (BUD-04): lines are written while the budget is a draft that nobody has
 * revised here, or the closed one of a past year that came by a file, too.
 */
export const budgetImport: ImportKind<typeof BUDGET_FIELDS> = {
  name: 'budgets',
  subject: 'Budget',
  fields: BUDGET_FIELDS,
  identifiedBy: ['year', 'department', 'category', 'item'],
  keepsExtra: false,
  table: {
    name: 'budget_line',
    columns: LINE_COLUMNS,
    natural: {
      columns: ['budget_id', 'category', 'item'],
      // By the unique index budget_line(budget_id, number).
      match: sql`t.budget_id = k.budget_id and t.category = k.category and t.item = k.item`,
      touch: () => sql``,
    },
    workedOn: sql`exists (
      select 1 from audit_log a
      where a.subject_type = 'Budget' and a.subject_id = t.budget_id and a.action = 'budget.REVISE')`,
  },
  derive({ year, department, drafterNumber, state, ...line }) {
    return { columns: { ...byColumn(line), committed: '0', paid: '0' }, issues: [] };
  },
  async resolve(db, rows, { now, timeZone, settings }) {
    const today = localDate(now.getTime(), timeZone);
    const { draft } = settings.get(BUDGET_SETTINGS.draftChain);
    const organisation = await loadOrganisation(db);
    const departments = new Map(
      [...organisation.departments.values()].flatMap(({ id, code, name, nameEn }) =>
        [code, name, nameEn].map((one) => [one, id] as const),
      ),
    );
    const people = new Map([...organisation.employees.values()].map((one) => [one.number, one]));
    const issues = rows.flatMap((row): RowIssue[] => {
      const { values, columns } = row;
      const departmentId = departments.get(String(values.department));
      const drafter = people.get(String(values.drafterNumber));
      const viewer = drafter && viewerOf(drafter, now, today);
      Object.assign(columns, { department_id: departmentId, drafter_id: drafter?.id });
      const found: FieldIssue[] = [];
      if (departmentId === undefined) {
        const names = [...departments.keys()].slice(0, LISTED).join(', ');
        found.push({
          field: 'department',
          accepted: text(`the code or name of a department here: ${names}`, `已有部门的代码或名称：${names}`),
        });
      }
      if (isClosed(row) && Number(values.year) >= Number(today.slice(0, 4))) {
        found.push({
          field: 'state',
          accepted: text('DRAFT; CLOSED for past years only', 'DRAFT；CLOSED 仅用于以往年度'),
        });
      }
      // Who drafted the budget of a past year may have left.
      if (!drafter || (!isClosed(row) && (!viewer || !hasRole(viewer, ...draft)))) {
        found.push({
          field: 'drafterNumber',
          accepted: text(
            `the number of an employee who may draft budgets: ${draft.join(', ')} (BUD-04)`,
            `有权编制预算的员工工号：${draft.join('、')}（BUD-04）`,
          ),
        });
      }
      return found.map((issue) => ({ row, ...issue }));
    });
    const wrong = new Set(issues.map(({ row }) => row));
    const right = rows.filter((row) => !wrong.has(row));
    return [...issues, ...intoBudgets(right, await budgetsOf(db, right))];
  },
  async complete(tx, rows) {
    await makeBudgets(tx, rows);
    const ids = [...new Set(rows.map(({ columns }) => columns.budget_id))];
    // Index budget_line(budget_id, number).
    const last = await tx.query<{ budgetId: string; number: number }>(sql`
      select budget_id as "budgetId", max(number) as number from budget_line
      where budget_id = any(${ids}::uuid[]) group by budget_id`);
    const numbers = new Map(last.map(({ budgetId, number }) => [budgetId, number]));
    for (const { columns } of rows) {
      const budgetId = String(columns.budget_id);
      columns.number = (numbers.get(budgetId) ?? 0) + 1;
      numbers.set(budgetId, Number(columns.number));
    }
  },
  async record(tx, written) {
    const lines = Map.groupBy(written, ({ row }) => String(row.columns.budget_id));
    const touched = [...lines].map(([id, of]) => ({
      id,
      made: of.some(({ row }) => row.columns.makes_budget === true),
      writers: [...new Set(of.map(({ row }) => row.columns.drafter_id))],
    }));
    // Whoever wrote a line does not approve the budget (BUD-04).
    await tx.query(sql`
      with i as (
          select * from jsonb_to_recordset(${JSON.stringify(touched)}::jsonb) as i(id uuid, made boolean, writers uuid[])),
        written as (
          update budget b
          set writer_ids = array(select distinct unnest(b.writer_ids || i.writers)),
              updated_at = ${tx.now}::timestamptz, version = b.version + case when i.made then 0 else 1 end
          from i where b.id = i.id
          returning 1)
      select count(*)::int as written from written`);
    tx.audit(
      ...[...lines].map(([id, of]) => ({
        action: 'budget.IMPORT',
        subjectType: 'Budget',
        subjectId: id,
        after: { lines: of.map(lineEntry) },
      })),
    );
  },
};

const LISTED = 20;

function isClosed({ values }: ImportRow): boolean {
  return values.state === 'CLOSED';
}

function lineEntry({ row, changes }: Written): Record<string, unknown> {
  const { category, item } = row.columns;
  if (changes) return { category, item, changes };
  const { scope, standard = null, amount, justification } = row.columns;
  return { category, item, scope, standard, amount, justification };
}

interface KnownBudget {
  readonly id: string;
  readonly key: string;
  readonly state: BudgetState;
  readonly revised: boolean;
  /** It came closed by a file: nobody approved it here. */
  readonly history: boolean;
  readonly lines: readonly {
    readonly category: BudgetCategory;
    readonly item: string;
    readonly scope: string;
    readonly standard: string | null;
    readonly amount: string;
    readonly justification: string;
  }[];
}

function keyOf({ values, columns }: ImportRow): string {
  return `${values.year} ${columns.department_id}`;
}

/** The budgets of the rows with their lines, locked; by the unique index budget(year, department_id). */
function budgetsOf(db: Queryable, rows: readonly ImportRow[]): Promise<KnownBudget[]> {
  return db.query<KnownBudget>(sql`
    select b.id, b.year || ' ' || b.department_id as key, b.state,
           b.state = 'CLOSED' and b.approved_at is null as history,
           exists (
             select 1 from audit_log a
             where a.subject_type = 'Budget' and a.subject_id = b.id and a.action = 'budget.REVISE') as revised,
           coalesce((
             select jsonb_agg(jsonb_build_object(
               'category', l.category, 'item', l.item, 'scope', l.scope, 'standard', l.standard::text,
               'amount', l.amount::text, 'justification', l.justification))
             from budget_line l where l.budget_id = b.id), '[]') as lines
    from budget b
    where (b.year, b.department_id) in (
      select * from unnest(
        ${rows.map(({ values }) => values.year)}::int[], ${rows.map(({ columns }) => columns.department_id)}::uuid[]))
    for update of b`);
}

/** Gives each row its budget, known or to be made, and tells what the budget's state forbids. */
function intoBudgets(rows: readonly ImportRow[], found: readonly KnownBudget[]): RowIssue[] {
  const known = new Map(found.map((budget) => [budget.key, budget]));
  const made = new Map<string, { id: string; state: unknown }>();
  const counts = new Map<string, number>();
  const twice = repeatedRows(rows, 'item', (row) =>
    JSON.stringify([keyOf(row), row.columns.category, row.columns.item]),
  );
  const left = new Set(twice.map(({ row }) => row));
  const issues = rows
    .filter((row) => !left.has(row))
    .flatMap((row): RowIssue[] => {
      const key = keyOf(row);
      const budget = known.get(key);
      const state = isClosed(row) ? 'CLOSED' : 'DRAFT';
      const fresh = made.get(key) ?? { id: newId(), state };
      if (!budget) made.set(key, fresh);
      row.columns.budget_id = budget?.id ?? fresh.id;
      row.columns.makes_budget = !budget;
      const line = budget?.lines.find(
        (one) => one.category === row.columns.category && one.item === row.columns.item,
      );
      const issue = budget
        ? stateIssue(row, budget, line)
        : fresh.state === state
          ? null
          : {
              field: 'state',
              accepted: text(
                `${fresh.state}, as on its lines before`,
                `${fresh.state}，与该预算前面的行一致`,
              ),
            };
      if (issue) return [{ row, ...issue }];
      if (line) return [];
      const count = (counts.get(key) ?? budget?.lines.length ?? 0) + 1;
      counts.set(key, count);
      const accepted = text(`at most ${LINES_MAX} lines in a budget`, `每份预算最多 ${LINES_MAX} 行`);
      return count > LINES_MAX ? [{ row, field: 'item', accepted }] : [];
    });
  return [...twice, ...issues];
}

/** What a budget in its state does not take; a row that says what is there already is always right. */
function stateIssue(
  { values, columns }: ImportRow,
  budget: KnownBudget,
  line: KnownBudget['lines'][number] | undefined,
): FieldIssue | null {
  const same =
    line !== undefined &&
    line.scope === columns.scope &&
    line.justification === columns.justification &&
    sameAmount(line.amount, columns.amount) &&
    sameAmount(line.standard, columns.standard);
  if (same) return null;
  if (budget.state !== 'DRAFT' && !budget.history) {
    return {
      field: 'year',
      accepted: text(
        `a year whose budget is a draft; that of ${values.year} is ${budget.state} and changes by its own steps only (BUD-04)`,
        `预算处于草稿状态的年度；${values.year} 年度为 ${budget.state}，只能按流程变更（BUD-04）`,
      ),
    };
  }
  if ((values.state ?? 'DRAFT') !== budget.state) {
    return {
      field: 'state',
      accepted: text(`${budget.state}, as the budget is here`, `${budget.state}，与现有预算一致`),
    };
  }
  if (line === undefined && budget.revised) {
    return {
      field: 'item',
      accepted: text(
        'an item of the budget, which somebody has revised here since',
        '该预算已有的项目；预算已在本系统中修订',
      ),
    };
  }
  return null;
}

function sameAmount(known: string | null, given: unknown): boolean {
  if (known === null || given == null) return known === null && given == null;
  return Number(known) === Number(given);
}

/** Makes the budgets that are not here yet, with one statement. */
async function makeBudgets(tx: Command, rows: readonly ImportRow[]): Promise<void> {
  const made = new Map(
    rows
      .filter(({ columns }) => columns.makes_budget === true)
      .map((row) => [
        row.columns.budget_id,
        {
          id: row.columns.budget_id,
          year: row.values.year,
          department_id: row.columns.department_id,
          state: isClosed(row) ? 'CLOSED' : 'DRAFT',
          drafter_id: row.columns.drafter_id,
        },
      ]),
  );
  await tx.query(sql`
    with made as (
      insert into budget (id, year, department_id, state, drafted_by_id, writer_ids, created_at, updated_at)
      select i.id, i.year, i.department_id, i.state, i.drafter_id, array[i.drafter_id],
             ${tx.now}::timestamptz, ${tx.now}::timestamptz
      from jsonb_to_recordset(${JSON.stringify([...made.values()])}::jsonb)
        as i(id uuid, year int, department_id uuid, state "BudgetState", drafter_id uuid)
      returning 1)
    select count(*)::int as made from made`);
}
