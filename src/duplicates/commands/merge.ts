import { renewAccessRequests } from '../../customers/commands/access.ts';
import { nameCustodians } from '../../customers/commands/custodians.ts';
import { expectWords } from '../../customers/commands/facts.ts';
import { lockCustomer, requireVersion, requireWritable } from '../../customers/commands/lock.ts';
import { watchIntelligence } from '../../customers/commands/notes.ts';
import { recordStages } from '../../customers/commands/stages.ts';
import { watchVerification } from '../../customers/commands/verification.ts';
import type { Prisma } from '../../generated/prisma/client.ts';
import { Forbidden, invalid, Issues } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { hasRole, type Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { renewTermsOfCustomers } from '../../tickets/commands/clock.ts';
import { refreshCadenceOf } from '../../visits/commands/cadence.ts';
import {
  emptyChoices,
  MERGED_FACTS,
  type MergedFact,
  type MergeFacts,
  mergedFile,
  requireNoObstacle,
} from '../rules.ts';
import { seekDuplicates } from './find.ts';
import {
  countRecords,
  foldContacts,
  mergeGradingProfile,
  moveObligations,
  movePapers,
  moveRecords,
  settleConflicts,
  settlePairs,
} from './relations.ts';

/** Merging takes a closed file into another, or another into it: for who assigns the people of closed files (CUS-17). */
const MERGES_GRADE_A = ['HEAD'] as const;

export interface CustomerMergeInput {
  readonly survivorId: string;
  readonly duplicateId: string;
  readonly survivorVersion: number;
  readonly duplicateVersion: number;
  readonly take?: readonly string[] | null;
  readonly reason: string;
}

/**
 * Merges a duplicate into the customer that stays: what belongs to it moves, its file fills the gaps of the other's, and
 * it stays as a CustomerMerge, by which its id and number still find the survivor. Merged already: nothing changes.
 */
export async function customerMerge(
  tx: Command,
  viewer: Viewer,
  input: CustomerMergeInput,
  directory: Pick<Reader, 'organisation' | 'timeZone'>,
): Promise<{ customerId: string }> {
  const { survivorId, duplicateId } = input;
  if (survivorId === duplicateId)
    throw invalid('duplicateId', text('another customer than survivorId', '与 survivorId 不同的客户'));
  const merged = await tx.prisma.customerMerge.findUnique({ where: { duplicateId } });
  if (merged && merged.survivorId === survivorId) {
    requireWritable(await lockCustomer(tx, viewer, survivorId, 'survivorId'));
    return { customerId: survivorId };
  }
  await lockBoth(tx, viewer, input);
  const issues = new Issues();
  const take = (input.take ?? []).filter((name): name is MergedFact => {
    const known = (MERGED_FACTS as readonly string[]).includes(name);
    issues.expect(
      known,
      'take',
      text(`of ${MERGED_FACTS.join(', ')}`, `须为 ${MERGED_FACTS.join('、')} 之一`),
    );
    return known;
  });
  expectWords(issues, { reason: input.reason });
  const [survivor, duplicate] = await Promise.all([
    tx.prisma.customer.findUniqueOrThrow({ where: { id: survivorId } }),
    tx.prisma.customer.findUniqueOrThrow({ where: { id: duplicateId } }),
  ]);
  for (const fact of emptyChoices(duplicate, take)) {
    issues.expect(
      false,
      'take',
      text(`facts that the duplicate has; it has no ${fact}`, `被合并客户已填写的内容；其 ${fact} 为空`),
    );
  }
  issues.throwIfAny();
  requireNoObstacle(await mergeFacts(tx, input));
  const changes = mergedFile(survivor, duplicate, take);
  const moved = await countRecords(tx, duplicateId);
  await recordMerge(tx, viewer, input, changes, moved);
  await markRollups(tx, duplicateId);
  await settleConflicts(tx, duplicateId, survivorId);
  await foldContacts(tx, duplicateId, survivorId);
  await mergeGradingProfile(tx, duplicateId, survivorId);
  await movePapers(tx, duplicateId, survivorId);
  await settlePairs(tx, duplicateId, survivorId);
  await moveObligations(tx, duplicateId, survivorId);
  await moveRecords(tx, duplicateId, survivorId);
  // Whatever was left behind, and is tied to it, would stop this: the merge fails as a whole rather than lose it.
  await tx.query(sql`delete from customer where id = ${duplicateId}::uuid returning 1 as deleted`);
  await tx.prisma.customer.update({
    where: { id: survivorId },
    data: {
      ...(changes as Prisma.CustomerUncheckedUpdateInput),
      updatedAt: tx.now,
      version: { increment: 1 },
    },
  });
  const reason = `merged with ${duplicate.number}`;
  if (changes.lifecycle) {
    await recordStages(tx, [
      { customerId: survivorId, from: survivor.lifecycle, to: changes.lifecycle, reason },
    ]);
  }
  if (changes.grade !== undefined) {
    await tx.prisma.gradeHistory.create({
      data: {
        customerId: survivorId,
        from: survivor.grade,
        to: changes.grade,
        reason,
        actorId: viewer.employeeId,
        at: tx.now,
      },
    });
  }
  await followMerge(tx, survivorId, directory);
  const heard = [survivor, duplicate].flatMap(({ ownerId, custodianId }) => [ownerId, custodianId]);
  tx.emit({
    kind: 'CUSTOMERS_MERGED',
    subjectId: survivorId,
    audience: { employees: [...new Set(heard.filter((id): id is string => id !== null))] },
    payload: {},
  });
  return { customerId: survivorId };
}

/** Locks both in one order, so that two merges of the same customers wait for each other; both must be writable. */
async function lockBoth(
  tx: Command,
  viewer: Viewer,
  { survivorId, duplicateId, survivorVersion, duplicateVersion }: CustomerMergeInput,
): Promise<void> {
  await tx.query(sql`
    select id from customer where id in (${survivorId}::uuid, ${duplicateId}::uuid) order by id for update`);
  const survivor = await lockCustomer(tx, viewer, survivorId, 'survivorId');
  const duplicate = await lockCustomer(tx, viewer, duplicateId, 'duplicateId');
  requireWritable(survivor);
  requireWritable(duplicate);
  const closed = survivor.grade === 'A' || duplicate.grade === 'A';
  if (closed && !hasRole(viewer, ...MERGES_GRADE_A)) throw new Forbidden(MERGES_GRADE_A);
  requireVersion(survivor.version, survivorVersion);
  requireVersion(duplicate.version, duplicateVersion);
}

async function mergeFacts(
  tx: Command,
  { survivorId, duplicateId }: Pick<CustomerMergeInput, 'survivorId' | 'duplicateId'>,
): Promise<MergeFacts> {
  const [row] = await tx.query<MergeFacts>(sql`
    select exists (select 1 from key_account k where k.customer_id = ${survivorId}::uuid) as "survivorHasAccount",
           exists (select 1 from key_account k where k.customer_id = ${duplicateId}::uuid) as "duplicateHasAccount",
           exists (select 1 from key_account_proposal p
                   where p.customer_id = ${duplicateId}::uuid and p.state = 'PENDING') as "proposalPending",
           (select s.calendar_code from service_calendar s
            where s.customer_id = ${survivorId}::uuid and s.valid_to is null) as "survivorCalendar",
           (select s.calendar_code from service_calendar s
            where s.customer_id = ${duplicateId}::uuid and s.valid_to is null) as "duplicateCalendar"`);
  if (!row) throw new Error('What stands against a merge was not read.');
  return row;
}

/** Writes down the duplicate as it was: its file, where it came from, and what became of it. */
async function recordMerge(
  tx: Command,
  viewer: Viewer,
  { survivorId, duplicateId, reason }: CustomerMergeInput,
  changes: object,
  moved: Readonly<Record<string, number>>,
): Promise<void> {
  await tx.query(sql`
    insert into customer_merge (id, duplicate_id, survivor_id, number, name, source, external_id, facts, taken, moved, reason, merged_by_id, merged_at)
    select gen_random_uuid(), d.id, ${survivorId}::uuid, d.number, d.name, d.source, d.external_id, to_jsonb(d),
           ${JSON.stringify(changes)}::jsonb, ${JSON.stringify(moved)}::jsonb, ${reason.trim()}, ${viewer.employeeId}::uuid,
           ${tx.now}::timestamptz
    from customer d where d.id = ${duplicateId}::uuid
    returning 1 as written`);
  tx.audit(
    {
      action: 'customerMerge',
      subjectType: 'Customer',
      subjectId: survivorId,
      after: { duplicateId, reason: reason.trim(), changes, moved },
    },
    {
      action: 'customerMerge',
      subjectType: 'Customer',
      subjectId: duplicateId,
      after: { mergedInto: survivorId, reason: reason.trim() },
    },
  );
}

/** The days on which figures of the duplicate were counted are counted again; moving tickets and shipments marks theirs. */
async function markRollups(tx: Command, duplicateId: string): Promise<void> {
  await tx.query(sql`
    select rollup_customers_changed(array[${duplicateId}::uuid])::text,
           rollup_append('contacts', array(
             select l.at from contact_log l where l.customer_id = ${duplicateId}::uuid))::text`);
}

/** What follows from the facts of a customer is worked out anew from those of both. */
async function followMerge(
  tx: Command,
  survivorId: string,
  directory: Pick<Reader, 'organisation' | 'timeZone'>,
): Promise<void> {
  const { timeZone } = directory;
  await renewTermsOfCustomers(tx, [survivorId], timeZone);
  await renewAccessRequests(tx, [survivorId], { timeZone });
  await nameCustodians(tx, directory, [survivorId]);
  await watchVerification(tx, [survivorId]);
  await watchIntelligence(tx, [survivorId]);
  await refreshCadenceOf(tx, timeZone, [survivorId]);
  await seekDuplicates(tx, [survivorId]);
}
