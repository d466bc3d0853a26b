import type { Reader } from '../../organisation/queries.ts';
import type { ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import type { Settings } from '../../platform/settings-register.ts';
import { all, join, type Queryable, type Sql, sql } from '../../platform/sql.ts';
import { reached } from '../../platform/visibility.ts';
import { inFileScope, IS_THERE, isFileComplete, isPriorityFile } from '../definitions.ts';
import { type Completeness, completenessOf, FILE_ITEMS } from '../rules/completeness.ts';
import { CUSTOMER_SETTINGS } from '../settings.ts';
import { customerList } from './customers.ts';
import { customerLevel } from './visibility.ts';

/**
 * True where the viewer may know how complete a file is: who reads it, and by CFL-28 the clerk, who sees of a grade A
 * file what is there and what is missing, not what it says.
 */
function completenessKnown({ sees }: Reader): Sql {
  return sql`(${customerLevel(sees, sql`c`)} = 2
    or ${reached(sees, [['fileCompleteness:read:ALL', sql`${customerLevel(sees, sql`c`)} > 0`]])})`;
}

export interface CompletenessRow extends Completeness {
  readonly id: string;
  readonly custodianId: string | null;
}

interface FilledRow {
  readonly id: string;
  readonly custodianId: string | null;
  readonly priority: boolean;
  readonly filled: boolean[];
}

/** What is there of files in the file scheme; `also` narrows them further. */
function filledItems(
  db: Queryable,
  settings: Settings,
  ids: readonly string[],
  also: Sql,
): Promise<FilledRow[]> {
  return db.query<FilledRow>(sql`
    select c.id, c.custodian_id as "custodianId", ${isPriorityFile(settings)} as priority,
           array[${join(FILE_ITEMS.map(({ item }) => IS_THERE[item]))}] as filled
    from customer c
    where c.id = any(${[...ids]}::uuid[]) and ${inFileScope(settings)} and ${also}`);
}

function judged(settings: Settings, { id, custodianId, priority, filled }: FilledRow): CompletenessRow {
  const base = settings.get(CUSTOMER_SETTINGS.requiredParts);
  const more = priority ? settings.get(CUSTOMER_SETTINGS.requiredPartsPriority) : [];
  return { id, custodianId, ...completenessOf(filled, new Set([...base, ...more])) };
}

/** How complete files are; null outside the file scheme and for viewers who may not know. */
export const completenessById = defineLoader(async (reader: Reader, ids) => {
  const rows = await filledItems(reader, reader.settings, ids, completenessKnown(reader));
  return inOrder(
    ids,
    rows.map((row) => judged(reader.settings, row)),
  );
});

/** What is missing in a file, for a command whose caller may know it; nothing outside the file scheme. */
export async function missingItems(
  db: Queryable & { readonly settings: Settings },
  customerId: string,
): Promise<string[]> {
  const [row] = await filledItems(db, db.settings, [customerId], sql`true`);
  return row ? judged(db.settings, row).parts.flatMap(({ missing }) => missing) : [];
}

export interface LedgerArguments {
  readonly complete?: boolean | null;
  readonly mine?: boolean | null;
}

/** The ledger of files (FRM-22): existing customers of whose file the viewer may know how complete it is. */
export function customerLedger(reader: Reader, { complete, mine }: LedgerArguments): ListSource {
  const source = customerList(reader);
  return {
    ...source,
    visible: all([
      inFileScope(reader.settings),
      completenessKnown(reader),
      ...(complete == null
        ? []
        : [complete ? isFileComplete(reader.settings) : sql`not ${isFileComplete(reader.settings)}`]),
      ...(mine ? [sql`${reader.sees.employeeId} in (c.owner_id, c.custodian_id)`] : []),
    ]),
  };
}
