import { lockCustomer, requireVersion, requireWritable } from '../../customers/commands/lock.ts';
import { Issues } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { GRADING_SETTINGS } from '../settings.ts';

export interface GradingProfileSetInput {
  readonly customerId: string;
  readonly expectedVersion: number;
  readonly size?: string | null;
  readonly likelihood?: string | null;
  readonly nature?: string | null;
}

const PARTS = ['size', 'likelihood', 'nature'] as const;

/** Says what no figure says of a customer, by whoever may write its file (CUS-24, CUS-25). */
export async function gradingProfileSet(
  tx: Command,
  viewer: Viewer,
  input: GradingProfileSetInput,
): Promise<{ customerId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  requireWritable(customer);
  const [known] = await tx.query<Record<(typeof PARTS)[number], string | null> & { version: number }>(sql`
    select size, likelihood, nature, version from grading_profile where customer_id = ${customer.id}::uuid for update`);
  requireVersion(known?.version ?? 0, input.expectedVersion);
  const codes = tx.settings.get(GRADING_SETTINGS.codes);
  const issues = new Issues();
  for (const part of PARTS) {
    const accepted = Object.keys(codes[part]);
    const given = input[part];
    issues.expect(
      given == null || accepted.includes(given),
      part,
      text(`one of ${accepted.join(', ')}`, `可选：${accepted.join('、')}`),
    );
  }
  issues.throwIfAny();
  const said = (part: (typeof PARTS)[number]) =>
    input[part] === undefined ? (known?.[part] ?? null) : input[part];
  const after = { size: said('size'), likelihood: said('likelihood'), nature: said('nature') };
  const written = { ...after, updatedById: viewer.employeeId, updatedAt: tx.now };
  await tx.prisma.gradingProfile.upsert({
    where: { customerId: customer.id },
    create: { ...written, customerId: customer.id },
    update: { ...written, version: { increment: 1 } },
  });
  tx.audit({
    action: 'gradingProfileSet',
    subjectType: 'Customer',
    subjectId: customer.id,
    before: known ? { size: known.size, likelihood: known.likelihood, nature: known.nature } : null,
    after,
  });
  return { customerId: customer.id };
}
