import type { DevelopmentTopic, InfoSource } from '../../generated/prisma/enums.ts';
import { Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import type { AdvanceObligations, ObligationAdvance } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { LEVEL } from '../../platform/visibility.ts';
import { CUSTOMER_SETTINGS } from '../settings.ts';
import { expectWords } from './facts.ts';
import { dueFiles, type FileWatch, watchFiles } from './file-watch.ts';
import { lockCustomer, requireWritable } from './lock.ts';
import { noteKnownInformation } from './pending-updates.ts';

/** Somebody must gather news on a grade A customer (CUS-28). */
export const FILE_INTELLIGENCE = 'FILE_INTELLIGENCE';

/** The newest news on a customer; without any, since it has been of grade A or a customer at all. */
const NEWS_AT = sql`coalesce(
  (select max(n.information_obtained_at) from development_note n where n.customer_id = c.id),
  c.graded_at, c.registered_at, c.created_at)`;

const INTELLIGENCE: FileWatch = {
  kind: FILE_INTELLIGENCE,
  period: 'NEWS',
  since: NEWS_AT,
  concerns: sql`c.grade = 'A' is true`,
  due: (settings) =>
    sql`(${NEWS_AT} + make_interval(days => ${settings.get(CUSTOMER_SETTINGS.intelligenceDays)}::int))`,
};

/** Has the sweep look at grade A customers when news on them are due (CUS-28); all of them, or some. */
export function watchIntelligence(tx: Command, ids: readonly string[] | null): Promise<void> {
  return watchFiles(tx, INTELLIGENCE, ids);
}

/** Tells the dedicated people and SALES_SUPERVISOR of grade A customers without news, once for each time (EVT-66). */
export const sweepIntelligence: AdvanceObligations = async (tx, due) => {
  const files = await dueFiles(
    tx,
    INTELLIGENCE,
    due.map(({ subjectId }) => subjectId),
  );
  return due.map((obligation): ObligationAdvance => {
    const file = files.get(obligation.subjectId);
    if (!file?.concerned) return { id: obligation.id, state: 'CANCELLED', step: 0, nextAt: null };
    if (file.dueAt > tx.now) return { id: obligation.id, state: 'OPEN', step: 0, nextAt: file.dueAt };
    tx.emit({
      kind: 'CUSTOMER_INTELLIGENCE_MISSING',
      subjectId: file.id,
      audience: { roles: ['SALES_SUPERVISOR'], employees: file.dedicated },
      payload: { lastNote: file.since.toISOString() },
      dedupeKey: `CUSTOMER_INTELLIGENCE_MISSING ${file.id} ${file.dueAt.toISOString()}`,
    });
    return { id: obligation.id, state: 'OVERDUE', step: 1, nextAt: null };
  });
};

export interface DevelopmentNoteRecordInput {
  readonly customerId: string;
  readonly topic: DevelopmentTopic;
  readonly content: string;
  readonly infoSource: InfoSource;
  readonly informationObtainedAt?: Date | null;
  readonly significant?: boolean | null;
  readonly fileUpdateNeeded?: boolean | null;
  readonly idempotencyKey?: string | null;
}

/**
 * Adds a dated note with its source to a file (CUS-03, CUS-28). Serious information goes to HEAD at once (CUS-33); what
 * must enter the file otherwise too is watched (CUS-20).
 */
export async function developmentNoteRecord(
  tx: Command,
  viewer: Viewer,
  input: DevelopmentNoteRecordInput,
): Promise<{ developmentNoteId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  requireWritable(customer);
  const obtainedAt = input.informationObtainedAt ?? tx.now;
  const issues = new Issues();
  expectWords(issues, { content: input.content });
  issues.expect(obtainedAt <= tx.now, 'informationObtainedAt', text('not in the future', '不能晚于当前时间'));
  issues.throwIfAny();
  const developmentNoteId = await once(
    tx,
    'developmentNoteRecord',
    input.idempotencyKey,
    input,
    async (id) => {
      const known = { customerId: customer.id, content: input.content.trim(), infoSource: input.infoSource };
      const significant = input.significant ?? false;
      await tx.prisma.developmentNote.create({
        data: {
          ...known,
          id,
          topic: input.topic,
          informationObtainedAt: obtainedAt,
          significant,
          authorId: viewer.employeeId,
          recordedAt: tx.now,
        },
      });
      // What it says is content of the file: it stands in the record alone.
      tx.audit({
        action: 'developmentNoteRecord',
        subjectType: 'DevelopmentNote',
        subjectId: id,
        after: { customerId: customer.id, topic: input.topic, significant },
      });
      if (significant) {
        tx.emit({
          kind: 'SIGNIFICANT_CUSTOMER_NOTE',
          subjectId: customer.id,
          audience: { roles: ['HEAD'] },
          payload: { developmentNoteId: id },
        });
      }
      if (input.fileUpdateNeeded)
        await noteKnownInformation(tx, viewer, {
          ...known,
          origin: 'NOTE',
          informationObtainedAt: obtainedAt,
        });
      await watchIntelligence(tx, [customer.id]);
    },
  );
  return { developmentNoteId };
}

export interface CustomerSuggestRecordInput {
  readonly customerId: string;
  readonly content: string;
  readonly offeredAt?: Date | null;
  readonly idempotencyKey?: string | null;
}

/** Writes down advice or an opening for cooperation that was offered to a customer (CUS-28). */
export async function customerSuggestionRecord(
  tx: Command,
  viewer: Viewer,
  input: CustomerSuggestRecordInput,
): Promise<{ suggestionId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  requireWritable(customer);
  const offeredAt = input.offeredAt ?? tx.now;
  const issues = new Issues();
  expectWords(issues, { content: input.content });
  issues.expect(offeredAt <= tx.now, 'offeredAt', text('not in the future', '不能晚于当前时间'));
  issues.throwIfAny();
  const suggestionId = await once(tx, 'customerSuggestionRecord', input.idempotencyKey, input, async (id) => {
    await tx.prisma.customerSuggestion.create({
      data: {
        id,
        customerId: customer.id,
        content: input.content.trim(),
        offeredAt,
        authorId: viewer.employeeId,
      },
    });
    tx.audit({
      action: 'customerSuggestionRecord',
      subjectType: 'CustomerSuggestion',
      subjectId: id,
      after: { customerId: customer.id },
    });
  });
  return { suggestionId };
}

export interface CustomerSuggestionAnswerInput {
  readonly suggestionId: string;
  readonly response: string;
  readonly expectedVersion: number;
}

/** Says what the customer made of a suggestion. */
export async function customerSuggestionAnswer(
  tx: Command,
  viewer: Viewer,
  input: CustomerSuggestionAnswerInput,
): Promise<{ suggestionId: string }> {
  const notFound = new NotFound(['suggestionId'], text('suggestion', '建议'));
  const found = await tx.prisma.customerSuggestion.findUnique({ where: { id: input.suggestionId } });
  if (!found) throw notFound;
  const customer = await lockCustomer(tx, viewer, found.customerId, 'suggestionId', notFound);
  if (customer.level < LEVEL.FULL) throw notFound;
  requireWritable(customer);
  const suggestion = await tx.prisma.customerSuggestion.findUniqueOrThrow({ where: { id: found.id } });
  if (suggestion.version !== input.expectedVersion) throw new StaleVersion(suggestion.version);
  const issues = new Issues();
  expectWords(issues, { response: input.response });
  issues.throwIfAny();
  await tx.prisma.customerSuggestion.update({
    where: { id: suggestion.id },
    data: { response: input.response.trim(), version: { increment: 1 } },
  });
  tx.audit({
    action: 'customerSuggestionAnswer',
    subjectType: 'CustomerSuggestion',
    subjectId: suggestion.id,
  });
  return { suggestionId: suggestion.id };
}
