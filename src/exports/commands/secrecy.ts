import { invalid, Issues, NotFound } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { monthsLater } from '../../lib/local-time.ts';
import { text } from '../../lib/text.ts';
import { customerById } from '../../customers/queries/customers.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { EXPORT_SETTINGS } from '../settings.ts';
import { LEAK_AUDIENCE, personOf } from './download.ts';

/** Keeps an employee's word that customer information stays secret; valid from now on for the months set (CUS-19). */
export async function secrecyAcknowledge(
  tx: Command,
  viewer: Viewer,
  input: { readonly accept: boolean },
  read: Reader,
): Promise<{ validUntil: Date }> {
  if (!input.accept) {
    throw invalid('accept', text('true: the notice was read and is kept', 'true：已阅读并遵守保密声明'));
  }
  const validUntil = monthsLater(tx.now, tx.settings.get(EXPORT_SETTINGS.acknowledgeMonths), read.timeZone);
  const id = newId();
  await tx.prisma.secrecyAcknowledgement.create({
    data: { id, employeeId: viewer.employeeId, acknowledgedAt: tx.now, validUntil },
  });
  tx.audit({
    action: 'secrecyAcknowledge',
    subjectType: 'Employee',
    subjectId: viewer.employeeId,
    after: { validUntil },
  });
  return { validUntil };
}

export interface DisclosureReportInput {
  readonly description: string;
  readonly suspectedId?: string | null;
  readonly customerId?: string | null;
  readonly rows?: number | null;
  readonly occurredAt?: Date | null;
  readonly idempotencyKey?: string | null;
}

const DESCRIPTION_MOST = 5_000;

/** Anybody may report that customer information got out; head and auditor hear of it at once (PRM-03, EVT-38). */
export async function disclosureReport(
  tx: Command,
  viewer: Viewer,
  input: DisclosureReportInput,
  read: Reader,
): Promise<{ disclosureReportId: string }> {
  const issues = new Issues();
  const { description, suspectedId, customerId, rows, occurredAt } = input;
  issues.expect(
    description.trim() !== '' && description.length <= DESCRIPTION_MOST,
    'description',
    text(`text of 1 to ${DESCRIPTION_MOST} characters`, `1 至 ${DESCRIPTION_MOST} 个字符的文本`),
  );
  issues.expect(rows == null || rows > 0, 'rows', text('a whole number above 0', '大于 0 的整数'));
  issues.expect(
    occurredAt == null || occurredAt <= tx.now,
    'occurredAt',
    text('an instant that is not in the future', '不晚于当前的时间'),
  );
  issues.throwIfAny();
  if (suspectedId != null && !read.organisation.employees.has(suspectedId)) {
    throw new NotFound(['suspectedId'], text('employee', '员工'));
  }
  // Of a customer whom the reporter may know of; the reader asks inside the transaction.
  const reader = { ...read, query: tx.query };
  if (customerId != null && !(await customerById.load(reader, customerId))) {
    throw new NotFound(['customerId'], text('customer', '客户'));
  }
  const disclosureReportId = await once(tx, 'disclosureReport', input.idempotencyKey, input, async (id) => {
    await tx.prisma.disclosureReport.create({
      data: {
        id,
        reporterId: viewer.employeeId,
        suspectedId: suspectedId ?? null,
        customerId: customerId ?? null,
        description,
        rows: rows ?? null,
        occurredAt: occurredAt ?? null,
        reportedAt: tx.now,
      },
    });
    tx.audit({
      action: 'disclosureReport',
      subjectType: 'DisclosureReport',
      subjectId: id,
      after: { suspectedId: suspectedId ?? null, customerId: customerId ?? null, rows: rows ?? null },
    });
    tx.emit({
      kind: 'DATA_LEAK_SUSPECTED',
      subjectId: null,
      audience: LEAK_AUDIENCE,
      payload: {
        cause: 'DISCLOSURE_REPORTED',
        actor: suspectedId == null ? '?' : personOf(read.organisation, suspectedId),
        actorId: suspectedId ?? null,
        rows: rows ?? '?',
        disclosureReportId: id,
      },
    });
  });
  return { disclosureReportId };
}
