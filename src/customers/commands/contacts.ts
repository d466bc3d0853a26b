import type { Prisma } from '../../generated/prisma/client.ts';
import { Issues, NotFound } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { expectNotCleared, expectTexts, givenFacts, withoutNulls } from './facts.ts';
import { lockCustomer, requireWritable, requireVersion } from './lock.ts';
import { enterPendingUpdates } from './pending-updates.ts';

export interface ContactFacts {
  readonly name?: string | null;
  readonly title?: string | null;
  readonly seniority?: 'TOP_LEADER' | 'DIRECTOR_OR_ABOVE' | 'MIDDLE_SENIOR' | 'STAFF' | null;
  readonly phone?: string | null;
  readonly mobile?: string | null;
  readonly email?: string | null;
  readonly isKeyPerson?: boolean | null;
}

export interface ContactCreateInput extends ContactFacts {
  readonly customerId: string;
  readonly name: string;
  readonly pendingUpdateIds?: readonly string[] | null;
  readonly idempotencyKey?: string | null;
}

/** Adds a person to a customer's file. */
export async function contactCreate(
  tx: Command,
  viewer: Viewer,
  input: ContactCreateInput,
): Promise<{ contactId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  requireWritable(customer);
  const { idempotencyKey, customerId, pendingUpdateIds, ...facts } = input;
  const issues = new Issues();
  issues.expect(input.name.trim().length > 0, 'name', text("the person's name", '联系人姓名'));
  expectTexts(issues, facts);
  issues.throwIfAny();
  const contactId = await once(tx, 'contactCreate', idempotencyKey, input, async (id) => {
    await tx.prisma.contact.create({
      data: {
        ...withoutNulls(facts),
        id,
        customerId,
        name: input.name.trim(),
        createdAt: tx.now,
        updatedAt: tx.now,
      },
    });
    tx.audit({
      action: 'contactCreate',
      subjectType: 'Contact',
      subjectId: id,
      after: { customerId, ...facts },
    });
    await enterPendingUpdates(tx, viewer, customerId, pendingUpdateIds);
  });
  return { contactId };
}

export interface ContactUpdateInput extends ContactFacts {
  readonly contactId: string;
  readonly expectedVersion: number;
  readonly archived?: boolean | null;
  readonly pendingUpdateIds?: readonly string[] | null;
}

/** Changes or archives a contact; contacts are never deleted. */
export async function contactUpdate(
  tx: Command,
  viewer: Viewer,
  input: ContactUpdateInput,
): Promise<{ contactId: string }> {
  const { contactId, expectedVersion, archived, pendingUpdateIds, ...facts } = input;
  const notFound = new NotFound(['contactId'], text('contact', '联系人'));
  const contact = await tx.prisma.contact.findUnique({ where: { id: contactId } });
  if (!contact) throw notFound;
  const customer = await lockCustomer(tx, viewer, contact.customerId, 'contactId', notFound);
  // Of a file that is not readable, not even the contacts' existence is told.
  if (customer.level < 2) throw notFound;
  requireWritable(customer);
  const current = await tx.prisma.contact.findUniqueOrThrow({ where: { id: contactId } });
  requireVersion(current.version, expectedVersion);
  const given: ContactFacts = givenFacts(facts);
  const issues = new Issues();
  issues.expect(
    facts.name === undefined || Boolean(facts.name?.trim()),
    'name',
    text("the person's name", '联系人姓名'),
  );
  expectNotCleared(issues, given, ['seniority', 'isKeyPerson']);
  expectTexts(issues, given);
  issues.throwIfAny();
  await tx.prisma.contact.update({
    where: { id: contactId },
    data: {
      ...(given as Prisma.ContactUncheckedUpdateInput),
      ...(archived == null ? {} : { archivedAt: archived ? (current.archivedAt ?? tx.now) : null }),
      updatedAt: tx.now,
      version: { increment: 1 },
    },
  });
  await enterPendingUpdates(tx, viewer, customer.id, pendingUpdateIds);
  tx.audit({
    action: 'contactUpdate',
    subjectType: 'Contact',
    subjectId: contactId,
    before: current,
    after: input,
  });
  return { contactId };
}
