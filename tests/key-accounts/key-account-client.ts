import type { Answer, Caller, TestServer } from '../support/server.ts';
import { people } from '../support/people.ts';

const ACCOUNT = `
  id level isSpecial status serviceModel priorityLane hours24 version
  access { level reason } specialist { id } supervisor { id }
  viewerCan { action allowed reason }
  customer { id name access { level reason } file { number } }
  file {
    partnershipStatus promotedAt endedAt annualRevenueTarget { amount currency }
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

/** Makes the customer a level B key account of KA_SPECIALIST, as KA_SUPERVISOR unless said otherwise. */
export function promote(
  server: TestServer,
  customer: { readonly nodeId: string },
  input: object = {},
  caller: Caller = 'KA_SUPERVISOR',
) {
  return act(server, caller, 'keyAccountPromote', {
    customerId: customer.nodeId,
    annualRevenueTarget: '2000000.00',
    specialistId: people.KA_SPECIALIST.nodeId,
    supervisorId: people.KA_SUPERVISOR.nodeId,
    ...input,
  });
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
