import { Forbidden, Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import { transition, type Workflow } from '../../lib/workflow.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { LEVEL } from '../../platform/visibility.ts';
import type { ChangeProposalState } from '../../generated/prisma/enums.ts';
import { checkFacts, type CustomerFacts, customerUpdate } from './customers.ts';
import { givenFacts } from './facts.ts';
import { lockCustomer, requireWritable } from './lock.ts';

const REASON_MOST = 2_000;

const PROPOSALS: Workflow<ChangeProposalState, 'ACCEPT' | 'REFUSE'> = {
  PROPOSED: { ACCEPT: 'ACCEPTED', REFUSE: 'REFUSED' },
  ACCEPTED: {},
  REFUSED: {},
};

export interface CustomerChangeProposeInput {
  readonly customerId: string;
  readonly facts: CustomerFacts;
  readonly reason: string;
  readonly informationObtainedAt?: Date | null;
  readonly idempotencyKey?: string | null;
}

/** Proposes a change of a file to whoever may write it: for departments without rights on files (CUS-23). */
export async function customerChangePropose(
  tx: Command,
  viewer: Viewer,
  input: CustomerChangeProposeInput,
): Promise<{ changeProposalId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  if (!can(viewer, 'customerFile', 'propose')) throw new Forbidden(rolesWith('customerFile', 'propose'));
  const facts: CustomerFacts = givenFacts(input.facts);
  const obtainedAt = input.informationObtainedAt ?? tx.now;
  const issues = new Issues();
  issues.expect(Object.keys(facts).length > 0, 'facts', text('at least one fact', '至少一项信息'));
  issues.expect(
    input.reason.trim().length > 0 && input.reason.length <= REASON_MOST,
    'reason',
    text('how it is known', '信息来源说明'),
  );
  checkFacts(issues, { ...facts, informationObtainedAt: obtainedAt }, tx.now);
  issues.throwIfAny();
  const changeProposalId = await once(
    tx,
    'customerChangePropose',
    input.idempotencyKey,
    input,
    async (id) => {
      await tx.prisma.changeProposal.create({
        data: {
          id,
          customerId: customer.id,
          facts: { ...facts } as never,
          reason: input.reason.trim(),
          informationObtainedAt: obtainedAt,
          proposerId: viewer.employeeId,
          proposedAt: tx.now,
        },
      });
      // Which facts, not what they say: that is content of the file.
      tx.audit({
        action: 'customerChangePropose',
        subjectType: 'ChangeProposal',
        subjectId: id,
        after: { customerId: customer.id, facts: Object.keys(facts) },
      });
    },
  );
  return { changeProposalId };
}

export interface ChangeProposalDecideInput {
  readonly changeProposalId: string;
  readonly decision: 'ACCEPT' | 'REFUSE';
  readonly reason: string;
  readonly expectedVersion: number;
}

/** Accepts a proposed change, which then stands in the file, or refuses it; by who may write the file (CUS-23). */
export async function changeProposalDecide(
  tx: Command,
  viewer: Viewer,
  input: ChangeProposalDecideInput,
): Promise<{ changeProposalId: string }> {
  const notFound = new NotFound(['changeProposalId'], text('change proposal', '变更建议'));
  const found = await tx.prisma.changeProposal.findUnique({ where: { id: input.changeProposalId } });
  if (!found) throw notFound;
  const own = found.proposerId === viewer.employeeId;
  const customer = await lockCustomer(tx, viewer, found.customerId, 'changeProposalId', notFound);
  if (customer.level < LEVEL.FULL && !own) throw notFound;
  requireWritable(customer);
  const proposal = await tx.prisma.changeProposal.findUniqueOrThrow({ where: { id: found.id } });
  const state = transition(PROPOSALS, proposal.state, input.decision);
  if (proposal.version !== input.expectedVersion) throw new StaleVersion(proposal.version);
  const issues = new Issues();
  issues.expect(
    input.reason.trim().length > 0 && input.reason.length <= REASON_MOST,
    'reason',
    text('why it is decided so', '决定理由'),
  );
  issues.throwIfAny();
  if (state === 'ACCEPTED') {
    await customerUpdate(tx, viewer, {
      ...(proposal.facts as CustomerFacts),
      informationObtainedAt: proposal.informationObtainedAt,
      customerId: customer.id,
      expectedVersion: customer.version,
    });
  }
  await tx.prisma.changeProposal.update({
    where: { id: proposal.id },
    data: {
      state,
      decidedById: viewer.employeeId,
      decidedAt: tx.now,
      decisionReason: input.reason.trim(),
      version: { increment: 1 },
    },
  });
  tx.audit({
    action: 'changeProposalDecide',
    subjectType: 'ChangeProposal',
    subjectId: proposal.id,
    before: { state: proposal.state },
    after: { state },
  });
  return { changeProposalId: proposal.id };
}
