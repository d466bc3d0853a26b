import { customerLevel } from '../../customers/queries/visibility.ts';
import type { KeyAccount } from '../../generated/prisma/client.ts';
import type { CustomerGrade, CustomerLifecycle } from '../../generated/prisma/enums.ts';
import { NotFound } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { type Sql, sql } from '../../platform/sql.ts';
import { constantViewer, LEVEL } from '../../platform/visibility.ts';
import {
  contactLogsWritable,
  keyAccountApprovable,
  keyAccountLevel,
  keyAccountWritable,
  promotionAskable,
} from '../queries/visibility.ts';
import { opensFile } from '../rules/rights.ts';

export interface LockedCustomer {
  readonly id: string;
  readonly grade: CustomerGrade | null;
  readonly lifecycle: CustomerLifecycle;
  readonly ownerId: string | null;
  readonly areaId: string | null;
  /** contactLog:write reaches it, and the file is open. */
  readonly recordsContacts: boolean;
  /** See `opensFile`. */
  readonly opens: boolean;
  /** The viewer reads the file. */
  readonly fileOpen: boolean;
  /** The viewer may ask to make it a key account. */
  readonly asks: boolean;
}

/** The customer's row is the lock of its key account and contacts too. NotFound where the viewer may not know of it. */
export function lockCustomer(
  tx: Command,
  viewer: Viewer,
  id: string,
  path: string,
  notFound = new NotFound([path], text('customer', '客户')),
): Promise<LockedCustomer> {
  return lock(tx, viewer, sql`c.id = ${id}::uuid`, notFound);
}

async function lock(
  tx: Command,
  viewer: Viewer,
  condition: Sql,
  notFound: NotFound,
  known = false,
): Promise<LockedCustomer> {
  const sees = constantViewer(viewer, tx.now);
  const c = sql`c`;
  const [row] = await tx.query<Omit<LockedCustomer, 'opens' | 'fileOpen'> & { level: number }>(sql`
    select c.id, c.grade, c.lifecycle, c.owner_id as "ownerId", c.area_id as "areaId", ${customerLevel(sees, c)} as level,
           coalesce(${contactLogsWritable(sees, c)}, false) as "recordsContacts",
           coalesce(${promotionAskable(sees, c)}, false) as asks
    from customer c
    where ${condition}
    for update`);
  if (!row || (!known && row.level === LEVEL.NONE)) throw notFound;
  const { level, ...customer } = row;
  const fileOpen = level === LEVEL.FULL;
  return { ...customer, fileOpen, opens: opensFile({ grade: row.grade, fileOpen }) };
}

export interface LockedAccount {
  readonly account: Omit<KeyAccount, 'annualRevenueTarget'> & { readonly annualRevenueTarget: string };
  readonly customer: LockedCustomer;
  readonly writes: boolean;
  readonly approves: boolean;
}

/**
 * Locks a key account through its customer; NotFound where the viewer may not know of it. `known`: that was decided by
 * another right already.
 */
export async function lockAccount(
  tx: Command,
  viewer: Viewer,
  id: string,
  {
    notFound = new NotFound(['keyAccountId'], text('key account', '大客户')),
    known = false,
  }: { readonly notFound?: NotFound; readonly known?: boolean } = {},
): Promise<LockedAccount> {
  const condition = sql`c.id = (select k.customer_id from key_account k where k.id = ${id}::uuid)`;
  const customer = await lock(tx, viewer, condition, notFound, known);
  const sees = constantViewer(viewer, tx.now);
  const k = sql`k`;
  // Read only now: another command may have changed it while this one waited for the lock.
  const [rights] = await tx.query<{ level: number; writes: boolean; approves: boolean }>(sql`
    select ${keyAccountLevel(sees, k)} as level, coalesce(${keyAccountWritable(sees, k)}, false) as writes,
           coalesce(${keyAccountApprovable(sees, k)}, false) as approves
    from key_account k where k.id = ${id}::uuid`);
  if (!rights || (!known && rights.level === LEVEL.NONE)) throw notFound;
  const { annualRevenueTarget, ...account } = await tx.prisma.keyAccount.findUniqueOrThrow({ where: { id } });
  return {
    account: { ...account, annualRevenueTarget: annualRevenueTarget.toFixed(2) },
    customer,
    writes: rights.writes,
    approves: rights.approves,
  };
}
