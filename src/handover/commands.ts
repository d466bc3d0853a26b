import type { HandoverReason, HandoverSubject } from '../generated/prisma/enums.ts';
import { newId } from '../lib/ids.ts';
import { localDate } from '../lib/periods.ts';
import type { Organisation } from '../organisation/queries.ts';
import type { Command } from '../platform/command.ts';
import type { AdvanceObligations } from '../platform/obligations.ts';
import { sql } from '../platform/sql.ts';
import { watchStanding } from '../platform/standing.ts';
import { giveUpTickets } from '../tickets/commands/queue.ts';
import { endedBecause, successorOf, type Work } from './rules.ts';
import { HANDOVER_SETTINGS } from './settings.ts';

/** Looks for work of people who left or changed role. */
export const HANDOVER = 'HANDOVER';

interface Directory {
  readonly organisation: Organisation;
  readonly timeZone: string;
}

/** Has the sweep look from now on: called when a process starts. */
export function watchHandovers(tx: Command): Promise<void> {
  return watchStanding(tx, HANDOVER, nextLook(tx));
}

function nextLook(tx: Command): Date {
  return new Date(tx.now.getTime() + tx.settings.get(HANDOVER_SETTINGS.everyMinutes) * 60_000);
}

/** The sweep's part: what somebody can have no longer goes back to its queue, or to their superior (PRM-06). */
export function advanceHandovers(directory: Directory): AdvanceObligations {
  return async (tx, due) => {
    const records = [...(await handOverTickets(tx, directory)), ...(await handOverCustomers(tx, directory))];
    await writeRecords(tx, records, directory);
    return due.map(({ id, step }) => ({ id, state: 'OPEN', step, nextAt: nextLook(tx) }));
  };
}

interface Handover {
  readonly subject: HandoverSubject;
  readonly subjectId: string;
  readonly reason: HandoverReason;
  readonly fromId: string;
  readonly toId: string | null;
}

/** Everybody who can have such work no longer, or never could, with the reason: known without a question to the database. */
function unable(tx: Command, work: Work, { organisation, timeZone }: Directory): Map<string, HandoverReason> {
  const today = localDate(tx.now.getTime(), timeZone);
  return new Map(
    [...organisation.employees.values()].flatMap((employee): [string, HandoverReason][] => {
      const reason = endedBecause(employee, work, tx.now, today);
      return reason === null ? [] : [[employee.id, reason]];
    }),
  );
}

/** By the partial index ticket_open_assignee_idx: its cost depends on what they have. */
async function handOverTickets(tx: Command, directory: Directory): Promise<Handover[]> {
  const gone = unable(tx, 'TICKET', directory);
  const given = await giveUpTickets(tx, [...gone.keys()], directory);
  return given.map(({ id, fromId, toId }) => ({
    subject: 'TICKET',
    subjectId: id,
    reason: gone.get(fromId) ?? 'LEFT',
    fromId,
    toId,
  }));
}

/** By the indexes customer(owner_id, id) and customer(custodian_id): its cost depends on what they have. */
async function handOverCustomers(tx: Command, directory: Directory): Promise<Handover[]> {
  const owners = unable(tx, 'OWNER', directory);
  const custodians = unable(tx, 'CUSTODIAN', directory);
  // Nobody to hand over to: the customer stays with the person until there is one, and the next look finds it again.
  const ownersNext = successors(owners, directory);
  const custodiansNext = successors(custodians, directory);
  const rows = await tx.query<{ id: string; ownerFrom: string | null; custodianFrom: string | null }>(sql`
    with concerned as (
      select c.id, o."from" as owner_from, o."to" as owner_to, k."from" as custodian_from, k."to" as custodian_to
      from customer c
      left join jsonb_to_recordset(${asRecords(ownersNext)}::jsonb) as o("from" uuid, "to" uuid) on o."from" = c.owner_id
      left join jsonb_to_recordset(${asRecords(custodiansNext)}::jsonb) as k("from" uuid, "to" uuid) on k."from" = c.custodian_id
      where c.owner_id = any(${[...ownersNext.keys()]}::uuid[]) or c.custodian_id = any(${[...custodiansNext.keys()]}::uuid[])
      order by c.id
      for update of c
    )
    update customer c set owner_id = coalesce(f.owner_to, c.owner_id),
      custodian_id = coalesce(f.custodian_to, c.custodian_id),
      updated_at = ${tx.now}::timestamptz, version = c.version + 1
    from concerned f where c.id = f.id
    returning c.id, f.owner_from as "ownerFrom", f.custodian_from as "custodianFrom"`);
  return rows.flatMap(({ id, ownerFrom, custodianFrom }) => [
    ...handoverOf('CUSTOMER_OWNER', id, ownerFrom, owners, ownersNext),
    ...handoverOf('CUSTOMER_CUSTODIAN', id, custodianFrom, custodians, custodiansNext),
  ]);
}

/** Who takes over from each; those whom nobody can follow are left out. */
function successors(
  gone: ReadonlyMap<string, HandoverReason>,
  { organisation: { employees } }: Directory,
): Map<string, string> {
  return new Map(
    [...gone.keys()].flatMap((from): [string, string][] => {
      const to = successorOf(
        from,
        (id) => employees.get(id)?.superiorId ?? null,
        (id) => !gone.has(id),
      );
      return to === null ? [] : [[from, to]];
    }),
  );
}

function asRecords(next: ReadonlyMap<string, string>): string {
  return JSON.stringify([...next].map(([from, to]) => ({ from, to })));
}

function handoverOf(
  subject: HandoverSubject,
  subjectId: string,
  fromId: string | null,
  reasons: ReadonlyMap<string, HandoverReason>,
  next: ReadonlyMap<string, string>,
): Handover[] {
  if (fromId === null) return [];
  return [
    { subject, subjectId, reason: reasons.get(fromId) ?? 'LEFT', fromId, toId: next.get(fromId) ?? null },
  ];
}

/** Keeps each handover, and tells those who take over, and the superior of who gave up. */
async function writeRecords(
  tx: Command,
  handovers: readonly Handover[],
  { organisation }: Directory,
): Promise<void> {
  if (handovers.length === 0) return;
  await tx.prisma.handoverRecord.createMany({
    data: handovers.map((handover) => ({ id: newId(), at: tx.now, ...handover })),
  });
  tx.audit(
    ...handovers
      .filter(({ subject }) => subject !== 'TICKET')
      .map(({ subject, subjectId, fromId, toId, reason }) => {
        const field = subject === 'CUSTOMER_OWNER' ? 'ownerId' : 'custodianId';
        return {
          action: 'customer.HAND_OVER',
          subjectType: 'Customer',
          subjectId,
          before: { [field]: fromId },
          after: { [field]: toId, reason },
        };
      }),
  );
  for (const [fromId, given] of Map.groupBy(handovers, (handover) => handover.fromId)) {
    const superior = organisation.employees.get(fromId)?.superiorId ?? null;
    const takers = given.flatMap(({ toId }) => (toId === null ? [] : [toId]));
    tx.emit({
      kind: 'WORK_HANDED_OVER',
      subjectId: null,
      audience: {
        roles: ['HEAD'],
        employees: [...new Set([...takers, ...(superior === null ? [] : [superior])])],
      },
      payload: {
        employeeId: fromId,
        reason: given[0]?.reason ?? 'LEFT',
        tickets: given.filter(({ subject }) => subject === 'TICKET').length,
        customers: new Set(
          given.flatMap(({ subject, subjectId }) => (subject === 'TICKET' ? [] : [subjectId])),
        ).size,
      },
    });
  }
}
