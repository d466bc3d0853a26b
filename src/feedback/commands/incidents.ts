import { Issues, NotFound } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { customerById } from '../../customers/queries/customers.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';

const DESCRIPTION_MOST = 5_000;

export interface IncidentReportInput {
  readonly description: string;
  readonly customerId?: string | null;
  readonly occurredAt?: Date | null;
  readonly idempotencyKey?: string | null;
}

/** Anybody reports an urgent or sudden event at work; HEAD hears of it at once (TIC-32, EVT-11). */
export async function incidentReport(
  tx: Command,
  viewer: Viewer,
  input: IncidentReportInput,
  read: Reader,
): Promise<{ incidentReportId: string }> {
  const { description, customerId } = input;
  const occurredAt = input.occurredAt ?? tx.now;
  const issues = new Issues();
  issues.expect(
    description.trim() !== '' && description.length <= DESCRIPTION_MOST,
    'description',
    text(`text of 1 to ${DESCRIPTION_MOST} characters`, `1 至 ${DESCRIPTION_MOST} 个字符的文本`),
  );
  issues.expect(occurredAt <= tx.now, 'occurredAt', text('not in the future', '不能晚于当前时间'));
  issues.throwIfAny();
  // Of a customer whom the reporter may know of; the reader asks inside the transaction.
  const reader = { ...read, query: tx.query };
  if (customerId != null && !(await customerById.load(reader, customerId))) {
    throw new NotFound(['customerId'], text('customer', '客户'));
  }
  const incidentReportId = await once(tx, 'incidentReport', input.idempotencyKey, input, async (id) => {
    await tx.prisma.incidentReport.create({
      data: {
        id,
        reporterId: viewer.employeeId,
        customerId: customerId ?? null,
        description,
        occurredAt,
        reportedAt: tx.now,
      },
    });
    tx.audit({ action: 'incidentReport', subjectType: 'IncidentReport', subjectId: id });
    const reporter = read.organisation.employees.get(viewer.employeeId);
    tx.emit({
      kind: 'INCIDENT_REPORTED',
      subjectId: null,
      audience: { roles: ['HEAD'] },
      payload: {
        incidentReportId: id,
        reporter: `${reporter?.number} ${reporter?.name}`,
        description,
        occurredAt: occurredAt.toISOString(),
      },
    });
  });
  return { incidentReportId };
}
