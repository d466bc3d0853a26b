import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { wsClient } from '../support/clients.ts';
import { makeEmployee, makeTicket } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { areas, people } from '../support/people.ts';
import { MONDAY_9, startTestServer, type TestServer, waitUntil } from '../support/server.ts';
import { setSetting } from '../support/settings.ts';
import { ManualClock } from '../support/clock.ts';
import { type ApprovalsKit, approvalsKit, DAY, HOUR } from './kit.ts';

let database: FreshDatabase;
let server: TestServer;
let kit: ApprovalsKit;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database, clock: new ManualClock(MONDAY_9) });
  kit = approvalsKit(server);
}, 60_000);
beforeEach(async () => {
  server.clock.set(MONDAY_9);
  await server.services.database.query(sql`delete from approval_delegation`);
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

function later(milliseconds: number): string {
  return new Date(server.clock.now().getTime() + milliseconds).toISOString();
}

async function statusOf(ticketId: string): Promise<string> {
  const { data } = await server.gql(
    'INTERNAL_AUDITOR',
    'query ($id: ID!) { node(id: $id) { ... on Ticket { status } } }',
    { id: ticketId },
  );
  return data.node.status;
}

async function eventsOf(approvalId: string, on = server): Promise<{ kind: string; employees: string[] }[]> {
  await on.settled();
  const id = Buffer.from(approvalId, 'base64').toString('utf8').split(':')[1];
  const rows = await on.services.database.query<{ kind: string; audience: { employees: string[] } }>(
    sql`select kind, audience from event where subject_id = ${id}::uuid order by seq`,
  );
  return rows.map(({ kind, audience }) => ({ kind, employees: audience.employees }));
}

describe('the plan of a serious complaint', () => {
  test('[TIC-20] waits for HEAD until the limit of the DECISION clock, which both tell alike', async () => {
    const ticket = await kit.plan();
    expect(ticket).toMatchObject({
      status: 'PLAN_PROPOSED',
      approval: {
        chain: 'COMPLAINT_PLAN',
        state: 'PENDING',
        step: 1,
        steps: [{ number: 1, approvers: [{ role: 'HEAD', scope: 'ALL' }], decision: null }],
        history: [{ event: 'REQUESTED', actor: { id: people.CS_SUPERVISOR.nodeId } }],
      },
    });
    expect(ticket.approval.dueAt).toBe(later(4 * HOUR));
    expect(ticket.approval.steps[0]).toMatchObject(ticket.sla.decision);
    // KEY-26: the limits of a grade A customer are halved, that of the approval with them.
    const halved = await kit.plan({ customer: { grade: 'A' } });
    expect(halved.approval.dueAt).toBe(later(2 * HOUR));
    expect(halved.approval.steps[0]).toMatchObject(halved.sla.decision);
  });

  test('is decided through either door with the same effects', async () => {
    const [one, other] = [await kit.plan(), await kit.plan()];
    const old = await mutate(
      server,
      'HEAD',
      'ticketApprovePlan',
      { ticketId: one.id, note: '同意' },
      'ticket { status version history { action from to note } sla { decision { state } } }',
    );
    expect((await kit.decide('HEAD', other.approval)).__typename).toBe('ApprovalDecideSuccess');
    const { data } = await server.gql(
      'HEAD',
      'query ($id: ID!) { node(id: $id) { ... on Ticket { status version history { action from to note } sla { decision { state } } } } }',
      { id: other.id },
    );
    expect(data.node).toEqual(old.ticket);
    expect(data.node.status).toBe('PLAN_APPROVED');
    for (const { id } of [one, other]) {
      expect(await kit.approvalOf(id)).toMatchObject({
        state: 'APPROVED',
        version: 2,
        steps: [
          { decision: 'APPROVE', reason: '同意', decidedBy: { id: people.HEAD.nodeId }, onBehalfOf: null },
        ],
        history: [{ event: 'REQUESTED' }, { event: 'APPROVED', reason: '同意', step: 1 }],
      });
    }
  });

  test('that is refused is proposed anew: another request', async () => {
    const ticket = await kit.plan();
    expect(pathsOf(await kit.decide('HEAD', ticket.approval, 'REFUSE', ' '))).toEqual(['reason']);
    await kit.decide('HEAD', ticket.approval, 'REFUSE', '太少');
    expect(await statusOf(ticket.id)).toBe('RESPONSIBILITY_SET');
    await mutate(server, 'CS_SUPERVISOR', 'ticketProposePlan', { ticketId: ticket.id, plan: 'More.' });
    const renewed = await kit.approvalOf(ticket.id);
    expect(renewed).toMatchObject({ state: 'PENDING', version: 1 });
    expect(renewed.id).not.toBe(ticket.approval.id);
    expect(await kit.decide('HEAD', { ...ticket.approval, version: 2 })).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'REFUSED',
      allowed: [],
    });
  });

  test('that is proposed anew while it waits makes the request void; deciding the old one is stale', async () => {
    const ticket = await kit.plan();
    await mutate(server, 'CS_SUPERVISOR', 'ticketProposePlan', {
      ticketId: ticket.id,
      plan: 'Other pallets.',
    });
    expect(await kit.decide('HEAD', ticket.approval)).toMatchObject({
      __typename: 'StaleVersion',
      current: 2,
    });
    expect(await statusOf(ticket.id)).toBe('PLAN_PROPOSED');
    const { data } = await server.gql(
      'HEAD',
      `query ($id: ID!) { approvals(where: { ticket: { eq: $id } }) { totalCount edges { node {
        id state voidReason endedAt history { event reason } } } } }`,
      { id: ticket.id },
    );
    const [fresh, old] = data.approvals.edges.map(({ node }: { node: object }) => node);
    expect(old).toEqual({
      id: ticket.approval.id,
      state: 'VOID',
      voidReason: 'PLAN_PROPOSED_ANEW',
      endedAt: MONDAY_9,
      history: [
        { event: 'REQUESTED', reason: null },
        { event: 'VOIDED', reason: 'PLAN_PROPOSED_ANEW' },
      ],
    });
    expect(fresh).toMatchObject({ state: 'PENDING', voidReason: null });
    expect((await eventsOf(ticket.approval.id)).map(({ kind }) => kind)).toEqual([
      'APPROVAL_REQUESTED',
      'APPROVAL_VOIDED',
    ]);
    // Neither is what stands there now approved where it was changed past every command.
    await server.services.database.query(
      sql`update ticket set plan = 'nothing' where number = ${ticket.number}`,
    );
    expect((await kit.decide('HEAD', { id: fresh.id, version: 1 })).__typename).toBe('StaleVersion');
    expect((await kit.decide('HEAD', { id: fresh.id, version: 1 }, 'REFUSE')).__typename).toBe(
      'ApprovalDecideSuccess',
    );
  });

  test('of HEAD goes to COMPANY_LEADER, who else decides none', async () => {
    const ticket = await kit.plan({ proposer: 'HEAD' });
    expect(ticket.approval.steps[0].approvers).toEqual([{ role: 'COMPANY_LEADER', scope: 'ALL' }]);
    expect(await mutate(server, 'HEAD', 'ticketApprovePlan', { ticketId: ticket.id })).toMatchObject({
      __typename: 'Forbidden',
      required: ['COMPANY_LEADER'],
    });
    expect(await kit.pending('COMPANY_LEADER')).toContain(ticket.approval.id);
    await kit.decide('COMPANY_LEADER', ticket.approval);
    expect(await statusOf(ticket.id)).toBe('PLAN_APPROVED');
    const other = await kit.plan();
    expect(await kit.decide('COMPANY_LEADER', other.approval)).toMatchObject({ required: ['HEAD'] });
  });

  test('that needs approval only since the complaint was raised to SERIOUS waits for it, too', async () => {
    const { nodeId } = await makeTicket(server, { status: 'PLAN_PROPOSED' });
    const raised = await mutate(
      server,
      'CS_SUPERVISOR',
      'ticketRaiseSeverity',
      { ticketId: nodeId, reason: 'Press' },
      'ticket { approval { state requester { id } } }',
    );
    expect(raised.ticket.approval).toEqual({ state: 'PENDING', requester: null });
    expect((await mutate(server, 'HEAD', 'ticketApprovePlan', { ticketId: nodeId })).__typename).toBe(
      'TicketApprovePlanSuccess',
    );
  });

  test('that came without a request, as imported ones do, is approved through its old door', async () => {
    const { nodeId } = await makeTicket(server, { status: 'PLAN_PROPOSED', severity: 'SERIOUS' });
    expect(
      (await mutate(server, 'CS_SUPERVISOR', 'ticketApprovePlan', { ticketId: nodeId })).required,
    ).toEqual(['HEAD']);
    await mutate(server, 'HEAD', 'ticketApprovePlan', { ticketId: nodeId });
    expect(await kit.approvalOf(nodeId)).toMatchObject({ state: 'APPROVED' });
    expect((await eventsOf((await kit.approvalOf(nodeId)).id)).map(({ kind }) => kind)).toEqual([
      'APPROVAL_DECIDED',
    ]);
  });
});

describe('a request for access', () => {
  test('[CUS-18] is decided by HEAD, or the DEPUTY of the area, through either door with the same effects', async () => {
    const [one, other] = [await kit.access(), await kit.access()];
    expect(one.approval).toMatchObject({
      chain: 'CUSTOMER_ACCESS',
      steps: [
        {
          approvers: [
            { role: 'HEAD', scope: 'ALL' },
            { role: 'DEPUTY', scope: 'AREA' },
          ],
          // Two working days of the office: Wednesday, the same hour.
          dueAt: later(2 * DAY),
        },
      ],
    });
    expect(await kit.decide('DEPUTY_SOUTH', one.approval)).toMatchObject({ __typename: 'NotFound' });
    const grant = 'accessGrant { state version validUntil decidedBy { id } decisionReason }';
    const old = await mutate(
      server,
      'DEPUTY',
      'customerAccessDecide',
      { accessGrantId: one.id, decision: 'APPROVE', reason: '同意', expectedVersion: 1 },
      grant,
    );
    expect((await kit.decide('DEPUTY', other.approval)).__typename).toBe('ApprovalDecideSuccess');
    const { data } = await server.gql(
      'HEAD',
      'query ($id: ID!) { node(id: $id) { ... on AccessGrant { state version validUntil decidedBy { id } decisionReason } } }',
      { id: other.id },
    );
    expect(data.node).toEqual(old.accessGrant);
    expect(data.node).toMatchObject({ state: 'APPROVED', version: 2, validUntil: later(30 * DAY) });
    const revoked = await mutate(
      server,
      'HEAD',
      'customerAccessDecide',
      { accessGrantId: other.id, decision: 'REVOKE', reason: '结束', expectedVersion: 2 },
      grant,
    );
    expect(revoked.accessGrant.state).toBe('REVOKED');
    expect(await kit.approvalOf(other.id)).toMatchObject({ state: 'APPROVED', version: 2 });
  });

  test('is void once the customer has become grade A, and is asked anew; what was read before is stale', async () => {
    const grant = await kit.access();
    const input = { customerId: grant.customer.nodeId, expectedVersion: 1, grade: 'A', reason: '重要客户' };
    expect((await mutate(server, 'HEAD', 'customerGrade', input)).__typename).toBe('CustomerGradeSuccess');
    expect(await kit.decide('HEAD', grant.approval)).toMatchObject({ __typename: 'StaleVersion' });
    const door = { accessGrantId: grant.id, decision: 'REFUSE', reason: 'A 级', expectedVersion: 1 };
    expect(await mutate(server, 'HEAD', 'customerAccessDecide', door)).toMatchObject({
      __typename: 'StaleVersion',
      current: 2,
    });
    const renewed = await kit.approvalOf(grant.id);
    expect(renewed).toMatchObject({ state: 'PENDING', history: [{ event: 'REQUESTED' }] });
    // CFL-09: access to a grade A file cannot be granted.
    expect(await kit.decide('HEAD', renewed)).toMatchObject({
      __typename: 'Forbidden',
      required: ['a dedicated assignment'],
    });
    expect((await kit.decide('HEAD', renewed, 'REFUSE')).approval.state).toBe('REFUSED');
    const { data } = await server.gql(
      'HEAD',
      'query ($id: ID!) { approvals(where: { accessGrant: { eq: $id } }) { edges { node { state voidReason } } } }',
      { id: grant.id },
    );
    expect(data.approvals.edges.map(({ node }: { node: object }) => node)).toEqual([
      { state: 'REFUSED', voidReason: null },
      { state: 'VOID', voidReason: 'GRADE_CHANGED' },
    ]);
  });

  test('is withdrawn by who made it, and by nobody else; a plan is not', async () => {
    const grant = await kit.access();
    const input = { approvalId: grant.approval.id, reason: '不再需要', expectedVersion: 1 };
    expect(await mutate(server, 'HEAD', 'approvalWithdraw', input)).toMatchObject({
      __typename: 'Forbidden',
      required: ['the requester'],
    });
    expect((await mutate(server, 'SALES_REP', 'approvalWithdraw', input)).__typename).toBe('NotFound');
    expect(
      pathsOf(await mutate(server, 'OTHER_DEPARTMENT', 'approvalWithdraw', { ...input, reason: '' })),
    ).toEqual(['reason']);
    const done = await mutate(
      server,
      'OTHER_DEPARTMENT',
      'approvalWithdraw',
      input,
      'approval { state subject { ... on AccessGrant { state version } } history { event reason } }',
    );
    expect(done.approval).toEqual({
      state: 'WITHDRAWN',
      subject: { state: 'WITHDRAWN', version: 2 },
      history: [
        { event: 'REQUESTED', reason: null },
        { event: 'WITHDRAWN', reason: '不再需要' },
      ],
    });
    expect(await kit.decide('HEAD', { ...grant.approval, version: 2 })).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'WITHDRAWN',
    });
    const ticket = await kit.plan();
    expect(
      await mutate(server, 'CS_SUPERVISOR', 'approvalWithdraw', { ...input, approvalId: ticket.approval.id }),
    ).toMatchObject({ __typename: 'IllegalTransition', to: 'WITHDRAW' });
  });
});

describe('chains', () => {
  const TWO_STEPS = {
    steps: [
      { approvers: [{ role: 'CS_SUPERVISOR', scope: 'ALL' }], within: 'PT1H' },
      { approvers: [{ role: 'HEAD', scope: 'ALL' }], within: 'PT4H' },
    ],
  };

  test('of several steps are decided one after the other, each by its roles; the end is carried out once', async () => {
    await setSetting(server, 'ticket.planChain', TWO_STEPS);
    const ticket = await kit.plan({ proposer: 'CS_AGENT' });
    expect(ticket.approval.steps).toHaveLength(2);
    expect(await kit.pending('HEAD')).not.toContain(ticket.approval.id);
    expect(await kit.decide('HEAD', ticket.approval)).toMatchObject({ required: ['CS_SUPERVISOR'] });
    const first = await kit.decide('CS_SUPERVISOR', ticket.approval);
    expect(first.approval).toMatchObject({ state: 'PENDING', step: 2, version: 2 });
    expect(await statusOf(ticket.id)).toBe('PLAN_PROPOSED');
    expect(await kit.decide('CS_SUPERVISOR', first.approval)).toMatchObject({ required: ['HEAD'] });
    expect(await kit.decide('HEAD', ticket.approval)).toMatchObject({ __typename: 'StaleVersion' });
    expect(await kit.pending('HEAD')).toContain(ticket.approval.id);
    const last = await kit.decide('HEAD', first.approval);
    expect(last.approval).toMatchObject({
      state: 'APPROVED',
      history: [{ event: 'REQUESTED' }, { event: 'STEP_APPROVED', step: 1 }, { event: 'APPROVED', step: 2 }],
    });
    expect(await statusOf(ticket.id)).toBe('PLAN_APPROVED');
    expect(await eventsOf(ticket.approval.id)).toEqual([
      { kind: 'APPROVAL_REQUESTED', employees: [people.CS_SUPERVISOR.id] },
      { kind: 'APPROVAL_REQUESTED', employees: [people.HEAD.id] },
      { kind: 'APPROVAL_DECIDED', employees: [people.CS_AGENT.id] },
    ]);

    // A refusal ends it at any step; nobody decides their own, though they hold the role.
    const refused = await kit.plan({ proposer: 'CS_AGENT' });
    expect((await kit.decide('CS_SUPERVISOR', refused.approval, 'REFUSE')).approval.state).toBe('REFUSED');
    expect(await statusOf(refused.id)).toBe('RESPONSIBILITY_SET');
    const own = await kit.plan({ proposer: 'CS_SUPERVISOR' });
    expect(await kit.decide('CS_SUPERVISOR', own.approval)).toMatchObject({
      __typename: 'Forbidden',
      required: ['another approver'],
    });
    expect(await kit.pending('CS_SUPERVISOR')).not.toContain(own.approval.id);
    await setSetting(server, 'ticket.planChain', { steps: [TWO_STEPS.steps[1]] });
  });

  test.each([
    ['no step', { steps: [] }],
    ['a step without approvers', { steps: [{ approvers: [], within: 'PT4H' }] }],
    [
      'a role that cannot read it',
      { steps: [{ approvers: [{ role: 'HR', scope: 'ALL' }], within: 'PT4H' }] },
    ],
    ['no limit', { steps: [{ approvers: [{ role: 'HEAD', scope: 'ALL' }], within: '4h' }] }],
    [
      'a role twice',
      {
        steps: [
          {
            approvers: [
              { role: 'HEAD', scope: 'ALL' },
              { role: 'HEAD', scope: 'AREA' },
            ],
            within: 'PT4H',
          },
        ],
      },
    ],
  ])('with %s are refused as a setting', async (_case, value) => {
    const answer = await mutate(server, 'ADMIN', 'settingPropose', {
      key: 'ticket.planChain',
      value,
      reason: 'test',
    });
    expect(answer.__typename).toBe('InvalidInput');
  });

  test('two deciders at once: one wins, the other hears of it, nothing is half written', async () => {
    const grant = await kit.access();
    const answers = await Promise.all([
      kit.decide('HEAD', grant.approval),
      kit.decide('DEPUTY', grant.approval, 'REFUSE'),
      mutate(server, 'HEAD', 'customerAccessDecide', {
        accessGrantId: grant.id,
        decision: 'REFUSE',
        reason: '否',
        expectedVersion: 1,
      }),
    ]);
    const won = answers.filter(({ __typename }) => __typename.endsWith('Success'));
    expect(won).toHaveLength(1);
    expect(answers.filter(({ __typename }) => __typename === 'StaleVersion')).toHaveLength(2);
    const approval = await kit.approvalOf(grant.id);
    expect(approval.history).toHaveLength(2);
    expect(approval.steps[0].decision === 'APPROVE' ? 'APPROVED' : 'REFUSED').toBe(approval.state);
  });
});

describe('delegation', () => {
  test('[ORG-04] lets another person decide, on behalf of whom is kept, and ends', async () => {
    const from = later(HOUR);
    const to = later(3 * HOUR);
    const made = await kit.delegate('HEAD', {
      delegateId: people.DEPUTY_SOUTH.nodeId,
      validFrom: from,
      validTo: to,
    });
    expect(made.delegation.state).toBe('PLANNED');
    const [grant, second, third] = [await kit.access(), await kit.access(), await kit.access()];
    const ids = [grant, second, third].map(({ approval }) => approval.id);
    const seen = async () => (await kit.pending('DEPUTY_SOUTH')).filter((id) => ids.includes(id)).length;

    server.clock.set(new Date(Date.parse(from) - 1));
    expect(await seen()).toBe(0);
    expect((await kit.decide('DEPUTY_SOUTH', grant.approval)).__typename).toBe('NotFound');
    server.clock.set(from);
    expect(await seen()).toBe(3);
    const decided = await kit.decide('DEPUTY_SOUTH', grant.approval);
    expect(decided.approval).toMatchObject({
      state: 'APPROVED',
      steps: [{ decidedBy: { id: people.DEPUTY_SOUTH.nodeId }, onBehalfOf: { id: people.HEAD.nodeId } }],
      history: [
        { event: 'REQUESTED' },
        {
          event: 'APPROVED',
          actor: { id: people.DEPUTY_SOUTH.nodeId },
          onBehalfOf: { id: people.HEAD.nodeId },
        },
      ],
    });
    const [audit] = await server.services.database.query<{ after: object }>(sql`
      select after from audit_log where action = 'approval.APPROVE' and actor_id = ${people.DEPUTY_SOUTH.id}::uuid`);
    expect(audit?.after).toMatchObject({ onBehalfOfId: people.HEAD.id });
    server.clock.set(new Date(Date.parse(to) - 1));
    expect((await kit.decide('DEPUTY_SOUTH', second.approval)).__typename).toBe('ApprovalDecideSuccess');
    server.clock.set(to);
    expect(await seen()).toBe(0);
    expect((await kit.decide('DEPUTY_SOUTH', third.approval)).__typename).toBe('NotFound');
    // What they decided stays theirs to see.
    const { data } = await server.gql(
      'DEPUTY_SOUTH',
      'query ($id: ID!) { node(id: $id) { ... on Approval { state } } }',
      {
        id: grant.approval.id,
      },
    );
    expect(data.node).toEqual({ state: 'APPROVED' });
  });

  test('of one chain gives power over that chain alone, and none over what the delegate may not read', async () => {
    const input = { delegateId: people.CS_SUPERVISOR.nodeId, validTo: later(DAY), chain: 'COMPLAINT_PLAN' };
    await kit.delegate('HEAD', input);
    await kit.delegate('HEAD', { ...input, delegateId: people.SALES_REP.nodeId });
    const [ticket, grant] = [await kit.plan({ proposer: 'CS_AGENT' }), await kit.access()];
    const pending = await kit.pending('CS_SUPERVISOR');
    expect(pending).toContain(ticket.approval.id);
    expect(pending).not.toContain(grant.approval.id);
    expect(await kit.pending('SALES_REP')).toEqual([]);
    expect((await kit.decide('SALES_REP', ticket.approval)).__typename).toBe('NotFound');
    const old = await mutate(
      server,
      'CS_SUPERVISOR',
      'ticketApprovePlan',
      { ticketId: ticket.id },
      'ticket { status approval { steps { onBehalfOf { id } } } }',
    );
    expect(old.ticket).toEqual({
      status: 'PLAN_APPROVED',
      approval: { steps: [{ onBehalfOf: { id: people.HEAD.nodeId } }] },
    });
  });

  test('never serves a request of the delegate’s own, nor one of the delegator', async () => {
    const ends = { validTo: later(DAY), chain: 'COMPLAINT_PLAN' };
    await kit.delegate('HEAD', { ...ends, delegateId: people.SALES_SUPERVISOR.nodeId });
    const own = await kit.plan({ proposer: 'CS_SUPERVISOR' });
    await server.services.database.query(sql`
      update approval set requester_id = ${people.SALES_SUPERVISOR.id}::uuid where id = (
        select id from approval where requester_id = ${people.CS_SUPERVISOR.id}::uuid order by id desc limit 1)`);
    expect(await kit.decide('SALES_SUPERVISOR', own.approval)).toMatchObject({
      __typename: 'Forbidden',
      required: ['another approver'],
    });
    expect(await kit.pending('SALES_SUPERVISOR')).not.toContain(own.approval.id);
    const grant = await kit.access();
    await server.services.database.query(sql`
      update approval set requester_id = ${people.HEAD.id}::uuid where subject_id = (
        select id from access_grant where requester_id = ${people.OTHER_DEPARTMENT.id}::uuid order by id desc limit 1)`);
    await kit.delegate('HEAD', {
      validTo: later(DAY),
      chain: 'CUSTOMER_ACCESS',
      delegateId: people.DEPUTY_SOUTH.nodeId,
    });
    expect(await kit.decide('DEPUTY_SOUTH', grant.approval)).toMatchObject({ __typename: 'NotFound' });
    expect(await kit.decide('HEAD', grant.approval)).toMatchObject({ required: ['another approver'] });
    expect((await kit.decide('DEPUTY', grant.approval)).__typename).toBe('ApprovalDecideSuccess');
  });

  test('is not lent on, reaches as far as the delegator, and ends with the delegator’s role or employment', async () => {
    const deputy = await makeEmployee(server, {
      roles: ['DEPUTY'],
      areaIds: [areas.EAST.id],
      roleTo: new Date(later(4 * HOUR)),
    });
    const [middle, last] = [
      await makeEmployee(server, { roles: ['SALES_SUPERVISOR'] }),
      await makeEmployee(server, { roles: ['SALES_SUPERVISOR'] }),
    ];
    await kit.delegate(deputy.subject, { delegateId: middle.nodeId, validTo: later(DAY) });
    expect(
      await kit.delegate(middle.subject, { delegateId: last.nodeId, validTo: later(DAY) }),
    ).toMatchObject({
      __typename: 'Forbidden',
      required: expect.arrayContaining(['HEAD', 'DEPUTY']),
    });
    // Written past the command: still nothing.
    await server.services.database.query(sql`
      insert into approval_delegation (id, delegator_id, delegate_id, valid_from, valid_to, reason, created_at)
      values (gen_random_uuid(), ${middle.id}::uuid, ${last.id}::uuid, ${later(0)}::timestamptz, ${later(DAY)}::timestamptz, 'on', ${later(0)}::timestamptz)`);
    const east = await kit.access();
    const south = await kit.access({ customer: { areaId: areas.SOUTH.id } });
    const seen = async (subject: string) =>
      (await kit.pending(subject)).filter((id) => [east.approval.id, south.approval.id].includes(id));
    expect(await seen(middle.subject)).toEqual([east.approval.id]);
    expect(await seen(last.subject)).toEqual([]);
    server.clock.set(later(4 * HOUR));
    expect(await seen(middle.subject)).toEqual([]);
    server.clock.set(MONDAY_9);
    expect(await seen(middle.subject)).toEqual([east.approval.id]);
    await server.services.database.query(
      sql`update employee set left_on = '2026-11-22' where id = ${deputy.id}::uuid`,
    );
    expect(await seen(middle.subject)).toEqual([]);
  });

  test('is revoked at once by whose power it is, and seen by the two and who reads them all', async () => {
    const made = await kit.delegate('DEPUTY', {
      delegateId: people.DEPUTY_SOUTH.nodeId,
      validTo: later(DAY),
    });
    const { id } = made.delegation;
    const grant = await kit.access();
    expect(await kit.pending('DEPUTY_SOUTH')).toContain(grant.approval.id);
    const seen = async (caller: string) => {
      const { data } = await server.gql(
        caller,
        'query ($id: ID!) { node(id: $id) { id } approvalDelegations(first: 100) { edges { node { id } } } }',
        { id },
      );
      const listed = data.approvalDelegations.edges.some(
        ({ node }: { node: { id: string } }) => node.id === id,
      );
      expect(listed).toBe(data.node !== null);
      return listed;
    };
    const who = Object.fromEntries(
      await Promise.all(
        [
          'DEPUTY',
          'DEPUTY_SOUTH',
          'HEAD',
          'COMPANY_LEADER',
          'INTERNAL_AUDITOR',
          'CS_SUPERVISOR',
          'ADMIN',
        ].map(async (caller) => [caller, await seen(caller)]),
      ),
    );
    expect(who).toEqual({
      DEPUTY: true,
      DEPUTY_SOUTH: true,
      HEAD: true,
      COMPANY_LEADER: true,
      INTERNAL_AUDITOR: true,
      CS_SUPERVISOR: false,
      ADMIN: false,
    });
    const revoke = (caller: string, facts: object = {}) =>
      mutate(
        server,
        caller,
        'approvalDelegationRevoke',
        { delegationId: id, reason: '回来了', expectedVersion: 1, ...facts },
        'delegation { state revokedAt revokeReason viewerCan { allowed reason } }',
      );
    expect((await revoke('CS_SUPERVISOR')).__typename).toBe('NotFound');
    expect((await revoke('HEAD')).required).toEqual(['the delegator']);
    expect((await revoke('DEPUTY_SOUTH')).required).toEqual(['the delegator']);
    expect((await revoke('DEPUTY', { expectedVersion: 2 })).__typename).toBe('StaleVersion');
    expect((await revoke('DEPUTY')).delegation).toEqual({
      state: 'REVOKED',
      revokedAt: MONDAY_9,
      revokeReason: '回来了',
      viewerCan: [{ allowed: false, reason: 'STATE_REVOKED' }],
    });
    expect((await revoke('DEPUTY', { expectedVersion: 2 })).__typename).toBe('IllegalTransition');
    expect((await kit.decide('DEPUTY_SOUTH', grant.approval)).__typename).toBe('NotFound');
  });

  test.each([
    ['oneself', () => ({ delegateId: people.HEAD.nodeId }), ['delegateId']],
    ['the past', () => ({ validFrom: later(-1), validTo: later(DAY) }), ['validFrom']],
    ['no time', () => ({ validFrom: later(HOUR), validTo: later(HOUR) }), ['validTo']],
    ['longer than allowed', () => ({ validTo: later(92 * DAY + 1) }), ['validTo']],
    ['no reason', () => ({ reason: ' ' }), ['reason']],
  ])('to %s is refused', async (_case, facts, paths) => {
    const input = { delegateId: people.DEPUTY.nodeId, validTo: later(92 * DAY), ...facts() };
    expect(pathsOf(await kit.delegate('HEAD', input))).toEqual(paths);
  });
});

describe('deadlines', () => {
  test('[BUD-07] a step warns and falls overdue once each, to those who may decide it, also after a standstill', async () => {
    const grant = await kit.access();
    const kinds = async () => (await eventsOf(grant.approval.id)).map(({ kind }) => kind);
    const [{ warnAt, dueAt }] = grant.approval.steps;
    server.clock.set(new Date(Date.parse(warnAt) - 1));
    await server.sweep();
    expect(await kinds()).toEqual(['APPROVAL_REQUESTED']);
    server.clock.set(warnAt);
    await server.sweep();
    await server.sweep();
    expect(await kinds()).toEqual(['APPROVAL_REQUESTED', 'APPROVAL_STEP_AT_RISK']);
    server.clock.set(new Date(Date.parse(dueAt) - 1));
    await server.sweep();
    expect(await kinds()).toHaveLength(2);
    server.clock.set(dueAt);
    await server.sweep();
    server.clock.advance(DAY);
    await server.sweep();
    const events = await eventsOf(grant.approval.id);
    expect(events).toEqual(
      ['APPROVAL_REQUESTED', 'APPROVAL_STEP_AT_RISK', 'APPROVAL_STEP_OVERDUE'].map((kind) => ({
        kind,
        employees: expect.arrayContaining([people.HEAD.id, people.DEPUTY.id]),
      })),
    );
    for (const { employees } of events) expect(employees).not.toContain(people.OTHER_DEPARTMENT.id);
    expect((await kit.approvalOf(grant.id)).history.map(({ event }: { event: string }) => event)).toEqual([
      'REQUESTED',
      'STEP_OVERDUE',
    ]);
    // Late, it can still be decided; then nothing is watched any more.
    expect((await kit.decide('HEAD', grant.approval)).__typename).toBe('ApprovalDecideSuccess');
    server.clock.advance(30 * DAY);
    await server.sweep();
    expect(await kinds()).toEqual([
      'APPROVAL_REQUESTED',
      'APPROVAL_STEP_AT_RISK',
      'APPROVAL_STEP_OVERDUE',
      'APPROVAL_DECIDED',
    ]);
    server.clock.set(MONDAY_9);
    const missed = await kit.access();
    server.clock.advance(10 * DAY);
    await server.sweep();
    expect((await eventsOf(missed.approval.id)).map(({ kind }) => kind)).toEqual([
      'APPROVAL_REQUESTED',
      'APPROVAL_STEP_OVERDUE',
    ]);
  });

  test('move with the clock of the ticket, and are not told again', async () => {
    const ticket = await kit.plan();
    const { data } = await server.gql(
      'HEAD',
      'query ($id: ID!) { node(id: $id) { ... on Ticket { customer { id version } } } }',
      { id: ticket.id },
    );
    server.clock.advance(HOUR);
    const { id: customerId, version: expectedVersion } = data.node.customer;
    const input = { customerId, expectedVersion, grade: 'A', reason: '重要' };
    await mutate(server, 'HEAD', 'customerGrade', input);
    const read = await server.gql(
      'HEAD',
      'query ($id: ID!) { node(id: $id) { ... on Ticket { approval { dueAt steps { warnAt dueAt } } sla { decision { dueAt warnAt } } } } }',
      { id: ticket.id },
    );
    const { approval, sla } = read.data.node;
    expect(approval.steps[0]).toEqual(sla.decision);
    expect(approval.dueAt).not.toBe(ticket.approval.dueAt);
    server.clock.set(new Date(Date.parse(approval.dueAt) - 1));
    await server.sweep();
    server.clock.advance(1);
    await server.sweep();
    expect((await eventsOf(ticket.approval.id)).map(({ kind }) => kind)).toEqual([
      'APPROVAL_REQUESTED',
      'APPROVAL_STEP_AT_RISK',
      'APPROVAL_STEP_OVERDUE',
    ]);
  });

  test('survive a restart of the server', async () => {
    const own = await freshDatabase();
    const first = await startTestServer({ database: own, clock: new ManualClock(MONDAY_9) });
    const grant = await approvalsKit(first).access();
    await first.stop();
    const again = await startTestServer({ database: own, clock: new ManualClock(grant.approval.dueAt) });
    try {
      await again.sweep();
      await again.sweep();
      expect((await eventsOf(grant.approval.id, again)).map(({ kind }) => kind)).toEqual([
        'APPROVAL_REQUESTED',
        'APPROVAL_STEP_OVERDUE',
      ]);
      expect(await approvalsKit(again).pending('HEAD')).toEqual([grant.approval.id]);
    } finally {
      await again.stop();
      await own.drop();
    }
  });
});

describe('what is seen', () => {
  test('events reach those who are addressed alone', async () => {
    const DOCUMENT = `subscription { liveEvents(where: { kind: { in: [APPROVAL_REQUESTED, APPROVAL_DECIDED] } }) {
      __typename ... on LiveEvent { kind message subject { id ... on Approval { state subject { id } } } } ... on Heartbeat { cursor } } }`;
    const names = [
      'HEAD',
      'DEPUTY',
      'DEPUTY_SOUTH',
      'OTHER_DEPARTMENT',
      'INTERNAL_AUDITOR',
      'CS_SUPERVISOR',
    ] as const;
    const clients = names.map((name) => wsClient(server, name));
    const feeds = clients.map((client) => client.subscribe(DOCUMENT));
    await Promise.all(feeds.map((feed) => feed.ready()));
    const grant = await kit.access();
    await kit.decide('DEPUTY', grant.approval);
    await server.settled();
    await waitUntil(() => feeds[3]?.events.some(({ kind }) => kind === 'APPROVAL_DECIDED'));
    const heard = names.map((name, at) => [
      name,
      feeds[at]?.events.filter(({ subject }) => subject?.id === grant.approval.id).map(({ kind }) => kind),
    ]);
    expect(Object.fromEntries(heard)).toEqual({
      HEAD: ['APPROVAL_REQUESTED'],
      DEPUTY: ['APPROVAL_REQUESTED'],
      DEPUTY_SOUTH: [],
      OTHER_DEPARTMENT: ['APPROVAL_DECIDED'],
      INTERNAL_AUDITOR: [],
      CS_SUPERVISOR: [],
    });
    await Promise.all(clients.map((client) => client.dispose()));
  });

  test('what waits comes by its deadline, and is exactly what the viewer can decide', async () => {
    const [slow, fast, own] = [
      await kit.access(),
      await kit.plan({ proposer: 'CS_AGENT' }),
      await kit.plan({ proposer: 'HEAD' }),
    ];
    const pending = await kit.pending('HEAD');
    const mine = pending.filter((id) => [slow, fast, own].some(({ approval }) => approval.id === id));
    expect(mine).toEqual([fast.approval.id, slow.approval.id]);
    for (const caller of [
      'HEAD',
      'DEPUTY',
      'COMPANY_LEADER',
      'CS_AGENT',
      'INTERNAL_AUDITOR',
      'OTHER_DEPARTMENT',
    ]) {
      const waits = await kit.pending(caller);
      const { data } = await server.gql(
        caller,
        'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Approval { id viewerCan { action allowed } } } }',
        { ids: [slow, fast, own].map(({ approval }) => approval.id) },
      );
      for (const node of data.nodes) {
        if (!node) continue;
        expect([caller, node.viewerCan[0]]).toEqual([
          caller,
          { action: 'approvalDecide', allowed: waits.includes(node.id) },
        ]);
      }
    }
    const { data } = await server.gql(
      'HEAD',
      '{ approvalsPending(first: 2) { totalCount pageInfo { endCursor } } }',
    );
    expect(data.approvalsPending.totalCount).toBe(pending.length);
    const rest = await server.gql(
      'HEAD',
      'query ($after: String) { approvalsPending(first: 100, after: $after) { edges { node { id } } } }',
      { after: data.approvalsPending.pageInfo.endCursor },
    );
    expect(rest.data.approvalsPending.edges.map(({ node }: { node: { id: string } }) => node.id)).toEqual(
      pending.slice(2),
    );
  });
});
