import { sql } from '../../src/platform/sql.ts';
import { shanghai } from '../support/clock.ts';
import type { Answer, Caller, TestServer } from '../support/server.ts';
import { people } from '../support/people.ts';

const ACCOUNT = `
  id level isSpecial status serviceModel priorityLane hours24 version
  access { level reason } specialist { id } supervisor { id }
  viewerCan { action allowed reason }
  proposal { id kind state level }
  customer { id name access { level reason } file { number } }
  file {
    partnershipStatus promotedAt endedAt annualRevenueTarget { amount currency }
    isIndustryModel duties { kind period dueAt state metAt }
    contactWeek { period required done warnAt dueAt state }
  }`;

const FAILURE = `
  ... on Error { code message path }
  ... on InvalidInput { issues { path message } }
  ... on Forbidden { required }`;

/** What a mutation of the area answers: the account or log, or the error with its fields. */
async function mutate(server: TestServer, caller: Caller, name: string, input: object, success: string) {
  const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const stale = ['keyAccountUpdate', 'keyAccountAssignSpecialist', 'keyAccountEnd'].includes(name);
  const answer = await server.gql(
    caller,
    `mutation Act($input: ${title}Input!) {
      done: ${name}(input: $input) {
        __typename
        ... on ${title}Success { ${success} }
        ${FAILURE}
        ${stale ? '... on StaleVersion { current }' : ''}
        ${name.startsWith('keyAccount') ? '... on IllegalTransition { from to allowed }' : ''}
      }
    }`,
    { input },
  );
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data.done;
}

export function act(server: TestServer, caller: Caller, name: string, input: object) {
  return mutate(server, caller, name, input, `keyAccount { ${ACCOUNT} }`);
}

/** Asks to make the customer a level B key account of KA_SPECIALIST, as KA_SUPERVISOR unless said otherwise. */
export function propose(
  server: TestServer,
  customer: { readonly nodeId: string },
  input: object = {},
  caller: Caller = 'KA_SUPERVISOR',
) {
  return mutate(
    server,
    caller,
    'keyAccountPromote',
    {
      customerId: customer.nodeId,
      annualRevenueTarget: '2000000.00',
      specialistId: people.KA_SPECIALIST.nodeId,
      supervisorId: people.KA_SUPERVISOR.nodeId,
      ...input,
    },
    `proposal { id kind state level levelBefore revenue { amount } requester { id } }
     missing { employee { id } competences } keyAccount { ${ACCOUNT} }`,
  );
}

/** The approvals of a proposal, the newest first. */
export async function approvalsOf(
  server: TestServer,
  proposalId: string,
  caller: Caller = 'INTERNAL_AUDITOR',
) {
  const { data } = await read(
    server,
    caller,
    `query Approvals($id: ID!) { approvals(where: { keyAccountProposal: { eq: $id } }, orderBy: [{ field: requestedAt, direction: DESC }]) {
      edges { node { id state step version steps { number approvers { role } } } } } }`,
    { id: proposalId },
  );
  return data.approvals.edges.map(({ node }: { node: object }) => node);
}

/** Decides the newest approval of a proposal. */
export async function decide(
  server: TestServer,
  caller: Caller,
  proposalId: string,
  decision: 'APPROVE' | 'REFUSE' = 'APPROVE',
) {
  const [approval] = await approvalsOf(server, proposalId);
  const input = {
    approvalId: approval.id,
    expectedVersion: approval.version,
    decision,
    reason: '符合大客户条件',
  };
  const { data, errors } = await server.gql(
    caller,
    `mutation Decide($input: ApprovalDecideInput!) { done: approvalDecide(input: $input) {
      __typename ... on ApprovalDecideSuccess { approval { state step } } ${FAILURE} } }`,
    { input },
  );
  if (errors) throw new Error(JSON.stringify(errors));
  return data.done;
}

/** Makes the customer a key account: KA_SUPERVISOR asks and HEAD approves, or the other way round. */
export async function promote(
  server: TestServer,
  customer: { readonly nodeId: string },
  input: object = {},
  caller: Caller = 'KA_SUPERVISOR',
) {
  const answer = await propose(server, customer, input, caller);
  if (answer.__typename !== 'KeyAccountPromoteSuccess') return answer;
  if (answer.proposal.state === 'PENDING') {
    const approver = caller === 'HEAD' ? 'KA_SUPERVISOR' : 'HEAD';
    const decided = await decide(server, approver, answer.proposal.id);
    if (decided.__typename !== 'ApprovalDecideSuccess') throw new Error(JSON.stringify(decided));
  }
  const { data } = await read(
    server,
    'HEAD',
    'query Account($id: ID!) { node(id: $id) { ... on Customer { keyAccount { id } } } }',
    { id: customer.nodeId },
  );
  return { ...answer, keyAccount: await readAccount(server, caller, data.node.keyAccount.id) };
}

export function recordContact(server: TestServer, caller: Caller, input: object) {
  return mutate(
    server,
    caller,
    'contactLogRecord',
    { channel: 'PHONE', outcome: 'REACHED', content: '询问下周发货计划', ...input },
    'contactLog { id at content channel outcome countsAsCall contact { id name } employee { id } customer { id } }',
  );
}

export async function readAccount(server: TestServer, caller: Caller, id: string) {
  const { data } = await read(
    server,
    caller,
    `query Read($id: ID!) { node(id: $id) { ... on KeyAccount { ${ACCOUNT} } } }`,
    {
      id,
    },
  );
  return data.node;
}

export async function read(
  server: TestServer,
  caller: Caller,
  document: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<Answer> {
  const answer = await server.gql(caller, document, variables);
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer;
}

/** Begins on the same day, before its first night, whatever nights a test before has seen. */
export async function beforeFirstNight(server: TestServer): Promise<void> {
  server.clock.set(shanghai('2026-11-23 09:00'));
  await server.services.database.query(sql`
    update obligation set next_at = ${shanghai('2026-11-24 01:00')}::timestamptz
    where kind = 'KEY_ACCOUNT_NIGHT' returning 1 as written`);
}

/** Works off all that is due by then, nights among it. */
export async function sweepAt(server: TestServer, wallClock: string): Promise<void> {
  server.clock.set(shanghai(wallClock));
  await server.sweep();
  await server.settled();
}
