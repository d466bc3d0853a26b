import type { Budget, BudgetLine } from '../generated/prisma/client.ts';
import type { Reader } from '../organisation/queries.ts';
import type { ListField, ListSource } from '../platform/list.ts';
import { defineLoader, inOrder } from '../platform/loaders.ts';
import { columns, type Sql, sql } from '../platform/sql.ts';
import { levelOf, reached, type ViewerSql } from '../platform/visibility.ts';

export type BudgetRow = Budget & { readonly __typename: 'Budget' };

/** A line with its amounts as exact text. */
export type BudgetLineRow = Omit<BudgetLine, 'standard' | 'amount' | 'committed' | 'paid'> & {
  readonly __typename: 'BudgetLine';
  readonly standard: string | null;
  readonly amount: string;
  readonly committed: string;
  readonly paid: string;
  /** Paid the year before for the same item of the department; null when it had none. */
  readonly paidLastYear: string | null;
};

const b = sql`b`;

const BUDGET_COLUMNS = sql`${columns('b', [
  'id',
  'year',
  'departmentId',
  'state',
  'draftedById',
  'writerIds',
  'refusalReason',
  'submittedAt',
  'approvedAt',
  'createdAt',
  'updatedAt',
  'version',
])}, 'Budget' as "__typename"`;

/** BUD-03: the actual of the year before stands beside each line. By the unique index budget(year, department_id). */
const LINE_COLUMNS = sql`${columns('l', [
  'id',
  'budgetId',
  'number',
  'category',
  'item',
  'scope',
  'standard',
  'amount',
  'justification',
  'committed',
  'paid',
])}, 'BudgetLine' as "__typename",
  (select sum(p.paid) from budget y join budget_line p on p.budget_id = y.id
   where y.year = b.year - 1 and y.department_id = b.department_id and p.category = l.category and p.item = l.item
  ) as "paidLastYear"`;

/** The one visibility fragment of budgets: FULL or NONE for a viewer (section 23, column budget). */
export function budgetLevel(viewer: ViewerSql, b: Sql): Sql {
  return levelOf(budgetReadable(viewer, b), sql`false`);
}

/** The same for reads that need no level. */
export function budgetReadable(viewer: ViewerSql, b: Sql): Sql {
  return reached(viewer, [
    ['budget:read:ALL', sql`true`],
    ['budget:read:DEPARTMENT', sql`${b}.department_id = ${viewer.departmentId}`],
  ]);
}

export const budgetById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<BudgetRow>(sql`
      select ${BUDGET_COLUMNS} from budget b
      where b.id = any(${[...ids]}::uuid[]) and ${budgetReadable(reader.sees, b)}`),
  ),
);

/** The budgets of a year that the viewer may see, by department. */
export function budgetsOfYear(reader: Reader, year: number): Promise<BudgetRow[]> {
  return reader.query<BudgetRow>(sql`
    select ${BUDGET_COLUMNS} from budget b join department d on d.id = b.department_id
    where b.year = ${year}::int and ${budgetReadable(reader.sees, b)}
    order by d.code, b.id`);
}

export const linesOfBudget = defineLoader(async (reader: Reader, budgetIds) => {
  const rows = await reader.query<BudgetLineRow>(sql`
    select ${LINE_COLUMNS} from budget_line l join budget b on b.id = l.budget_id
    where l.budget_id = any(${[...budgetIds]}::uuid[]) and ${budgetReadable(reader.sees, b)}
    order by l.budget_id, l.number`);
  const byBudget = Map.groupBy(rows, (row) => row.budgetId);
  return budgetIds.map((id) => byBudget.get(id) ?? []);
});

export const budgetLineById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<BudgetLineRow>(sql`
      select ${LINE_COLUMNS} from budget_line l join budget b on b.id = l.budget_id
      where l.id = any(${[...ids]}::uuid[]) and ${budgetReadable(reader.sees, b)}`),
  ),
);

export const BUDGET_LINE_FIELDS = {
  budget: { kind: 'ID', entity: 'Budget', column: sql`l.budget_id`, orderable: false },
  year: { kind: 'Int', column: sql`b.year` },
  department: { kind: 'ID', entity: 'Department', column: sql`b.department_id`, orderable: false },
  state: { kind: 'Enum', enumName: 'BudgetState', column: sql`b.state` },
  number: { kind: 'Int', column: sql`l.number` },
  category: { kind: 'Enum', enumName: 'BudgetCategory', column: sql`l.category` },
  item: { kind: 'String', column: sql`l.item` },
  amount: { kind: 'Decimal', column: sql`l.amount` },
  committed: { kind: 'Decimal', column: sql`l.committed` },
  paid: { kind: 'Decimal', column: sql`l.paid` },
} as const satisfies Record<string, ListField>;

/** The lines of the budgets that the viewer may read. */
export function budgetLineList(reader: Reader): ListSource {
  const visible = budgetReadable(reader.sees, b);
  return {
    from: sql`budget_line l join budget b on b.id = l.budget_id`,
    id: sql`l.id`,
    select: LINE_COLUMNS,
    visible,
    full: visible,
    fields: BUDGET_LINE_FIELDS,
  };
}
