import { customerLevel } from '../../customers/queries/visibility.ts';
import type { CustomerGrade, KeyAccount } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { columns, type Sql, sql } from '../../platform/sql.ts';
import { type AccessLevel, LEVEL } from '../../platform/visibility.ts';
import { type AccountRights, opensFile } from '../rules/rights.ts';
import {
  contactLogsWritable,
  keyAccountApprovable,
  keyAccountLevel,
  keyAccountWritable,
} from './visibility.ts';

/** A key account's row with what the viewer may see of it. */
export type KeyAccountRow = Omit<KeyAccount, 'annualRevenueTarget'> & {
  readonly __typename: 'KeyAccount';
  readonly annualRevenueTarget: string;
  readonly access: AccessLevel;
};

const k = sql`k`;
const c = sql`c`;

const KEY_ACCOUNT_COLUMNS = columns('k', [
  'id',
  'customerId',
  'level',
  'isSpecial',
  'specialistId',
  'supervisorId',
  'serviceModel',
  'priorityLane',
  'hours24',
  'partnershipStatus',
  'industryModelOf',
  'annualRevenueTarget',
  'promotedAt',
  'endedAt',
  'createdAt',
  'updatedAt',
  'version',
]);

function keyAccountSelect(reader: Reader): Sql {
  return sql`${KEY_ACCOUNT_COLUMNS}, 'KeyAccount' as "__typename",
    case ${keyAccountLevel(reader.sees, k)} when 2 then 'FULL' when 1 then 'MASKED' else 'NONE' end as access`;
}

function readAccounts(reader: Reader, condition: Sql): Promise<KeyAccountRow[]> {
  return reader.query<KeyAccountRow>(sql`
    select * from (
      select ${keyAccountSelect(reader)} from key_account k where ${condition}
    ) visible where access <> 'NONE'`);
}

/** Key accounts by id as the viewer may see them; null for those of which the viewer may not know. */
export const keyAccountById = defineLoader(async (reader: Reader, ids) =>
  inOrder(ids, await readAccounts(reader, sql`k.id = any(${[...ids]}::uuid[])`)),
);

/** The key account of each customer, present or past; null where there is none or the viewer may not know of it. */
export const keyAccountByCustomer = defineLoader(async (reader: Reader, customerIds) => {
  const rows = await readAccounts(reader, sql`k.customer_id = any(${[...customerIds]}::uuid[])`);
  const byCustomer = new Map(rows.map((row) => [row.customerId, row]));
  return customerIds.map((id) => byCustomer.get(id) ?? null);
});

/** What the viewer may do with each account, as the permission table says. */
export const keyAccountRights = defineLoader(
  async (reader: Reader, ids): Promise<readonly AccountRights[]> => {
    const rows = await reader.query<{
      id: string;
      grade: CustomerGrade | null;
      customerLevel: number;
      writes: boolean;
      approves: boolean;
      contacts: boolean;
    }>(sql`
    select k.id, c.grade, ${customerLevel(reader.sees, c)} as "customerLevel",
           coalesce(${keyAccountWritable(reader.sees, k)}, false) as writes,
           coalesce(${keyAccountApprovable(reader.sees, k)}, false) as approves,
           coalesce(${contactLogsWritable(reader.sees, c)}, false) as contacts
    from key_account k join customer c on c.id = k.customer_id
    where k.id = any(${[...ids]}::uuid[])`);
    const byId = new Map(
      rows.map(({ id, grade, customerLevel: level, ...rights }) => [
        id,
        { ...rights, opens: opensFile({ grade, fileOpen: level === LEVEL.FULL }) },
      ]),
    );
    return ids.map((id) => byId.get(id) ?? { writes: false, approves: false, contacts: false, opens: false });
  },
);

/** The card is level, rank, people and service; the target and the dates are protected. */
export const KEY_ACCOUNT_FIELDS = {
  customer: { kind: 'ID', entity: 'Customer', column: sql`k.customer_id`, orderable: false },
  level: { kind: 'Enum', enumName: 'KeyAccountLevel', column: sql`k.level` },
  isActive: { kind: 'Boolean', column: sql`(k.ended_at is null)`, orderable: false },
  isSpecial: { kind: 'Boolean', column: sql`k.is_special` },
  specialist: { kind: 'ID', entity: 'Employee', column: sql`k.specialist_id`, orderable: false },
  supervisor: { kind: 'ID', entity: 'Employee', column: sql`k.supervisor_id`, orderable: false },
  serviceModel: { kind: 'Enum', enumName: 'ServiceModel', column: sql`k.service_model` },
  priorityLane: { kind: 'Boolean', column: sql`k.priority_lane` },
  hours24: { kind: 'Boolean', column: sql`k.hours_24` },
  annualRevenueTarget: { kind: 'Decimal', column: sql`k.annual_revenue_target`, protected: true },
  promotedAt: { kind: 'DateTime', column: sql`k.promoted_at`, protected: true },
  endedAt: { kind: 'DateTime', column: sql`k.ended_at`, protected: true },
} as const satisfies Record<string, ListField>;

export function keyAccountList(reader: Reader): ListSource {
  const level = keyAccountLevel(reader.sees, k);
  return {
    from: sql`key_account k`,
    id: sql`k.id`,
    select: keyAccountSelect(reader),
    visible: sql`${level} > 0`,
    full: sql`${level} = 2`,
    fields: KEY_ACCOUNT_FIELDS,
  };
}
