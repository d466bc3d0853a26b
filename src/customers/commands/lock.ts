import type { CustomerGrade, CustomerLifecycle } from '../../generated/prisma/enums.ts';
import { Forbidden, invalid, NotFound, StaleVersion } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { customerLevel, customerWritable } from '../queries/visibility.ts';

const CUSTOMER = text('customer', '客户');

export const c = sql`c`;

interface LockedCustomer {
  readonly id: string;
  readonly name: string;
  readonly grade: CustomerGrade | null;
  readonly lifecycle: CustomerLifecycle;
  readonly areaId: string | null;
  readonly ownerId: string | null;
  readonly contactPerson: string | null;
  readonly phone: string | null;
  readonly address: string | null;
  readonly businessNeeds: string | null;
  readonly version: number;
  readonly level: number;
  readonly writable: boolean;
}

/**
 * Locks a customer that the viewer may know of; NotFound for any other. A command that was given the id of something
 * else gives the NotFound that it answers where there is no such thing, so that the two cannot be told apart.
 */
export async function lockCustomer(
  tx: Command,
  viewer: Viewer,
  id: string,
  path: string,
  notFound = new NotFound([path], CUSTOMER),
): Promise<LockedCustomer> {
  const sees = constantViewer(viewer, tx.now);
  const [row] = await tx.query<LockedCustomer>(sql`
    select c.id, c.name, c.grade, c.lifecycle, c.area_id as "areaId", c.owner_id as "ownerId",
           c.contact_person as "contactPerson", c.phone, c.address, c.business_needs as "businessNeeds", c.version,
           ${customerLevel(sees, c)} as level, ${customerWritable(sees, c)} as writable
    from customer c
    where c.id = ${id}::uuid
    for update`);
  if (!row) await refuseMerged(tx, viewer, id, path);
  if (!row || row.level === 0) throw notFound;
  return row;
}

/** Tells whoever may know of a customer that it is another now: what was read under its old id is not written to it. */
async function refuseMerged(tx: Command, viewer: Viewer, id: string, path: string): Promise<void> {
  const [survivor] = await tx.query<{ level: number }>(sql`
    select ${customerLevel(constantViewer(viewer, tx.now), c)} as level
    from customer_merge m join customer c on c.id = m.survivor_id
    where m.duplicate_id = ${id}::uuid`);
  if (!survivor || survivor.level === 0) return;
  throw invalid(
    path,
    text(
      'a customer that was not merged into another; `node` answers its id with the one that it is now',
      '未被合并的客户；用该 id 查询 `node` 可得到合并后的客户',
    ),
  );
}

export function requireWritable(customer: LockedCustomer): void {
  if (!customer.writable) {
    throw new Forbidden(rolesWith(customer.grade === 'A' ? 'customerFileA' : 'customerFile', 'write'));
  }
}

export function requireVersion(current: number, expected: number): void {
  if (current !== expected) throw new StaleVersion(current);
}
