import type { Caller, TestServer } from '../support/server.ts';
import { makeCustomer } from '../support/factories.ts';
import { mutate, type MutationAnswer } from '../support/mutate.ts';
import { areas, departments } from '../support/people.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

const APPROVAL = `approval { id chain state step version dueAt voidReason requester { number }
  steps { number approvers { role scope } warnAt dueAt decision reason decidedBy { id } onBehalfOf { id } }
  history { event step reason actor { id } onBehalfOf { id } } }`;

export interface ApprovalsKit {
  /** A serious complaint whose plan waits for its approval. */
  plan(facts?: { readonly proposer?: Caller; readonly customer?: object }): Promise<MutationAnswer>;
  /** A request for access by OTHER_DEPARTMENT unless told otherwise. */
  access(facts?: { readonly requester?: Caller; readonly customer?: object }): Promise<MutationAnswer>;
  /** The newest approval of a record. */
  approvalOf(nodeId: string, caller?: Caller): Promise<MutationAnswer>;
  decide(
    caller: Caller,
    approval: { readonly id: string; readonly version: number },
    decision?: string,
    reason?: string,
  ): Promise<MutationAnswer>;
  /** Ids of what waits for somebody, in order. */
  pending(caller: Caller): Promise<string[]>;
  delegate(caller: Caller, input: object): Promise<MutationAnswer>;
}

export function approvalsKit(server: TestServer): ApprovalsKit {
  async function must(caller: Caller, name: string, input: object, success: string): Promise<MutationAnswer> {
    const answer = await mutate(server, caller, name, input, success);
    if (!answer.__typename.endsWith('Success')) throw new Error(`${name}: ${JSON.stringify(answer)}`);
    return answer;
  }

  return {
    async plan({ proposer = 'CS_SUPERVISOR', customer = {} } = {}) {
      const made = await makeCustomer(server, { areaId: areas.EAST.id, ...customer });
      const opened = await must(
        'CS_AGENT',
        'ticketOpen',
        {
          category: 'COMPLAINT',
          severity: 'SERIOUS',
          subject: 'Broken pallets',
          content: 'Four pallets came broken.',
          channel: 'PHONE',
          callerName: 'Li Lei',
          callerPhone: '13900000000',
          customerId: made.nodeId,
        },
        'ticket { id }',
      );
      const ticketId = opened.ticket.id;
      await must('CS_AGENT', 'ticketAcknowledge', { ticketId, promise: 'Tomorrow.' }, '__typename');
      const departmentIds = [departments.OPERATIONS.nodeId];
      await must('CS_SUPERVISOR', 'ticketDispatch', { ticketId, departmentIds }, '__typename');
      const responsible = { liability: 'COMPANY', responsibleDepartmentId: departments.OPERATIONS.nodeId };
      await must('CS_SUPERVISOR', 'ticketSetResponsibility', { ticketId, ...responsible }, '__typename');
      const { ticket } = await must(
        proposer,
        'ticketProposePlan',
        { ticketId, plan: 'New pallets.' },
        `ticket { id number status version sla { decision { dueAt warnAt } } ${APPROVAL} }`,
      );
      return ticket;
    },
    async access({ requester = 'OTHER_DEPARTMENT', customer = {} } = {}) {
      const made = await makeCustomer(server, { areaId: areas.EAST.id, ...customer });
      const { accessGrant } = await must(
        requester,
        'customerAccessRequest',
        { customerId: made.nodeId, reason: '联合投标' },
        `accessGrant { id version state ${APPROVAL} }`,
      );
      return { ...accessGrant, customer: made };
    },
    async approvalOf(nodeId, caller = 'INTERNAL_AUDITOR') {
      const { data } = await server.gql(
        caller,
        `query ($id: ID!) { node(id: $id) { ... on Ticket { ${APPROVAL} } ... on AccessGrant { ${APPROVAL} } } }`,
        { id: nodeId },
      );
      return data.node?.approval;
    },
    decide(caller, { id, version }, decision = 'APPROVE', reason = '同意') {
      const input = { approvalId: id, decision, reason, expectedVersion: version };
      return mutate(server, caller, 'approvalDecide', input, APPROVAL);
    },
    async pending(caller) {
      const { data, errors } = await server.gql(
        caller,
        '{ approvalsPending(first: 100) { edges { node { id } } } }',
      );
      if (errors) throw new Error(JSON.stringify(errors));
      return data.approvalsPending.edges.map(({ node }: { node: { id: string } }) => node.id);
    },
    delegate(caller, input) {
      const given = { reason: '出差', ...input };
      return mutate(server, caller, 'approvalDelegate', given, 'delegation { id version state }');
    },
  };
}
