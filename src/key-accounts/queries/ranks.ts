import type { KeyAccountCandidate, KeyAccountProposal } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { any, columns, type Sql, sql } from '../../platform/sql.ts';
import type { ViewerSql } from '../../platform/visibility.ts';
import { rankReadable } from './visibility.ts';

type WithTexts<Row, Amounts extends keyof Row> = Omit<Row, Amounts> & {
  readonly [Name in Amounts]: null extends Row[Name] ? string | null : string;
};

export type CandidateRow = WithTexts<KeyAccountCandidate, 'revenue' | 'target'> & {
  readonly __typename: 'KeyAccountCandidate';
};

export type ProposalRow = WithTexts<KeyAccountProposal, 'revenue' | 'annualRevenueTarget'> & {
  readonly __typename: 'KeyAccountProposal';
};

const a = sql`a`;
const p = sql`p`;

const CANDIDATE_COLUMNS = sql`${columns('a', [
  'id',
  'customerId',
  'state',
  'level',
  'foundAt',
  'decidedAt',
  'decidedById',
  'reason',
  'version',
])}, a.revenue::text as revenue, a.target::text as target, 'KeyAccountCandidate' as "__typename"`;

export const candidateById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<CandidateRow>(sql`
      select ${CANDIDATE_COLUMNS} from key_account_candidate a
      where a.id = any(${[...ids]}::uuid[]) and ${rankReadable(reader.sees, a)}`),
  ),
);

export const CANDIDATE_FIELDS = {
  customer: { kind: 'ID', entity: 'Customer', column: sql`a.customer_id`, orderable: false },
  state: { kind: 'Enum', enumName: 'KeyAccountCandidateState', column: sql`a.state` },
  level: { kind: 'Enum', enumName: 'KeyAccountLevel', column: sql`a.level` },
  revenue: { kind: 'Decimal', column: sql`a.revenue` },
  foundAt: { kind: 'DateTime', column: sql`a.found_at` },
} as const satisfies Record<string, ListField>;

/** By the index key_account_candidate(found_at, id). */
export function candidateList(reader: Reader): ListSource {
  const visible = rankReadable(reader.sees, a);
  return {
    from: sql`key_account_candidate a`,
    id: sql`a.id`,
    select: CANDIDATE_COLUMNS,
    visible,
    full: visible,
    fields: CANDIDATE_FIELDS,
  };
}

const PROPOSAL_COLUMNS = sql`${columns('p', [
  'id',
  'kind',
  'state',
  'customerId',
  'keyAccountId',
  'levelBefore',
  'level',
  'specialistId',
  'supervisorId',
  'isSpecial',
  'serviceModel',
  'priorityLane',
  'hours24',
  'partnershipStatus',
  'requesterId',
  'requestedAt',
  'decidedAt',
  'version',
])}, p.revenue::text as revenue, p.annual_revenue_target::text as "annualRevenueTarget",
  'KeyAccountProposal' as "__typename"`;

/** True where the viewer reads a proposal: who asked, and who reads what becomes of it. */
export function proposalReadable(viewer: ViewerSql, row: Sql): Sql {
  return any([sql`${row}.requester_id = ${viewer.employeeId}`, rankReadable(viewer, row)]);
}

export const proposalById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<ProposalRow>(sql`
      select ${PROPOSAL_COLUMNS} from key_account_proposal p
      where p.id = any(${[...ids]}::uuid[]) and ${proposalReadable(reader.sees, p)}`),
  ),
);

export const PROPOSAL_FIELDS = {
  customer: { kind: 'ID', entity: 'Customer', column: sql`p.customer_id`, orderable: false },
  keyAccount: { kind: 'ID', entity: 'KeyAccount', column: sql`p.key_account_id`, orderable: false },
  kind: { kind: 'Enum', enumName: 'KeyAccountProposalKind', column: sql`p.kind` },
  state: { kind: 'Enum', enumName: 'KeyAccountProposalState', column: sql`p.state` },
  requestedAt: { kind: 'DateTime', column: sql`p.requested_at` },
} as const satisfies Record<string, ListField>;

/** By the index key_account_proposal(requested_at, id). */
export function proposalList(reader: Reader): ListSource {
  const visible = proposalReadable(reader.sees, p);
  return {
    from: sql`key_account_proposal p`,
    id: sql`p.id`,
    select: PROPOSAL_COLUMNS,
    visible,
    full: visible,
    fields: PROPOSAL_FIELDS,
  };
}

/** What waits for an account; null for nothing. By the partial index key_account_proposal_pending_key. */
export const proposalOfCustomer = defineLoader(async (reader: Reader, customerIds) => {
  const rows = await reader.query<ProposalRow>(sql`
    select ${PROPOSAL_COLUMNS} from key_account_proposal p
    where p.customer_id = any(${[...customerIds]}::uuid[]) and p.state = 'PENDING'
      and ${proposalReadable(reader.sees, p)}`);
  const byCustomer = new Map(rows.map((row) => [row.customerId, row]));
  return customerIds.map((id) => byCustomer.get(id) ?? null);
});
