import { isLeafType, getNamedType, type GraphQLObjectType } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../src/schema.ts';
import { makeCustomer, makeTicket } from '../support/factories.ts';
import { people, teams } from '../support/people.ts';
import { startTestServer } from '../support/server.ts';

const server = await startTestServer();

/** What can be asked of a ticket without arguments, each field with a selection of its own. */
const FIELDS = Object.values((schema.getType('Ticket') as GraphQLObjectType).getFields())
  .filter((field) => field.args.length === 0)
  .map(
    (field) =>
      [
        field.name,
        isLeafType(getNamedType(field.type)) ? field.name : `${field.name} ${selectionOf(field.name)}`,
      ] as const,
  );

function selectionOf(name: string): string {
  if (name === 'sla') {
    const limit = '{ dueAt warnAt metAt state }';
    return `{ policy acknowledge ${limit} firstResponse ${limit} resolution ${limit} timeline { from to kind reason } }`;
  }
  return '{ __typename }';
}

test.each(FIELDS)('a list asked for nothing but %s answers like the node', async (_name, selection) => {
  const customer = await makeCustomer(server, { grade: 'B' });
  const ticket = await makeTicket(server, {
    customerId: customer.id,
    assigneeId: people.CS_AGENT.id,
    teamId: teams.CUSTOMER_SERVICE.id,
    status: 'RESOLVED',
    acknowledgedAt: server.clock.now(),
    firstRespondedAt: server.clock.now(),
    resolvedAt: server.clock.now(),
  });
  const list = await server.gql(
    'HEAD',
    `query ($customer: ID!) { tickets(where: { customer: { eq: $customer } }) { edges { node { ${selection} } } } }`,
    { customer: customer.nodeId },
  );
  const node = await server.gql(
    'HEAD',
    `query ($id: ID!) { node(id: $id) { ... on Ticket { ${selection} } } }`,
    {
      id: ticket.nodeId,
    },
  );
  expect(list.errors).toBeUndefined();
  expect(list.data.tickets.edges[0].node).toEqual(node.data.node);
});
