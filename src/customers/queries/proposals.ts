import type { ChangeProposal } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { columns, sql } from '../../platform/sql.ts';
import { customerLevel } from './visibility.ts';

export type ChangeProposalRow = ChangeProposal & { readonly __typename: 'ChangeProposal' };

const PROPOSAL_COLUMNS = sql`${columns('h', [
  'id',
  'customerId',
  'state',
  'facts',
  'reason',
  'informationObtainedAt',
  'proposerId',
  'proposedAt',
  'decidedById',
  'decidedAt',
  'decisionReason',
  'version',
])}, 'ChangeProposal' as "__typename"`;

/** Who proposed a change sees it, and who reads the file that it is about. */
function visible({ sees }: Reader) {
  return sql`(h.proposer_id = ${sees.employeeId} or ${customerLevel(sees, sql`c`)} = 2)`;
}

export const changeProposalById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<ChangeProposalRow>(sql`
      select ${PROPOSAL_COLUMNS} from change_proposal h join customer c on c.id = h.customer_id
      where h.id = any(${[...ids]}::uuid[]) and ${visible(reader)}`),
  ),
);

export const CHANGE_PROPOSAL_FIELDS = {
  customer: { kind: 'ID', entity: 'Customer', column: sql`h.customer_id`, orderable: false },
  state: { kind: 'Enum', enumName: 'ChangeProposalState', column: sql`h.state` },
  proposer: { kind: 'ID', entity: 'Employee', column: sql`h.proposer_id`, orderable: false },
  proposedAt: { kind: 'DateTime', column: sql`h.proposed_at` },
} as const satisfies Record<string, ListField>;

/** By the indexes change_proposal(customer_id) and (proposer_id). */
export function changeProposalList(reader: Reader): ListSource {
  return {
    from: sql`change_proposal h join customer c on c.id = h.customer_id`,
    id: sql`h.id`,
    select: PROPOSAL_COLUMNS,
    visible: visible(reader),
    full: visible(reader),
    fields: CHANGE_PROPOSAL_FIELDS,
  };
}
