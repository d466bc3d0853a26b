import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sweepNights } from '../../src/grading/commands/run.ts';
import { sql } from '../../src/platform/sql.ts';
import { makeCustomer, makeCustomers, makeKeyAccount, makeShipments } from '../support/factories.ts';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { areas, type Named, people, type PersonName } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { setSetting } from '../support/settings.ts';

/** Tuesday, Wednesday … 03:00 in Shanghai, an hour after the nightly run. */
const night = (count: number) => new Date(Date.parse('2026-11-22T19:00:00Z') + count * 86_400_000);
const at = (day: string) => new Date(`${day}T04:00:00Z`);

let database: FreshDatabase;
let server: TestServer;

/** Customers of EAST by falling sales, of SOUTH, and others of which each is special. */
let east: Named[];
let south: Named[];
let special: Record<'target' | 'lost' | 'unknown' | 'masked', Named>;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
  east = await makeCustomers(server, 10, (index) => ({
    grade: 'C',
    areaId: areas.EAST.id,
    ownerId: index === 0 ? people.ACCOUNT_MANAGER_LOGISTICS.id : null,
    lifecycle: index === 3 ? 'DORMANT' : 'ACTIVE',
    // The last two sell the same: the one that was registered earlier comes first.
    registeredAt: index === 9 ? at('2024-01-01') : at('2023-01-01'),
  }));
  south = await makeCustomers(server, 2, { grade: 'C', areaId: areas.SOUTH.id });
  const [target, lost, unknown, masked] = await Promise.all([
    makeCustomer(server, { lifecycle: 'TARGET', grade: null, areaId: areas.EAST.id }),
    makeCustomer(server, { lifecycle: 'LOST', grade: 'B', areaId: areas.EAST.id }),
    makeCustomer(server, { grade: 'B', areaId: areas.EAST.id }),
    makeCustomer(server, { grade: 'A', areaId: null, ownerId: people.SALES_REP.id }),
  ]);
  special = { target, lost, unknown, masked };
  const sells = (customer: Named | undefined, revenue: number, day: string, freight: number | null = null) =>
    makeShipments(server, 1, {
      customerId: customer?.id ?? '',
      revenue,
      freight,
      deliveredAt: at(day),
      countedAt: at(day),
    });
  for (const [index, customer] of east.entries())
    await sells(customer, index === 9 ? 2_000 : (10 - index) * 1_000, '2026-03-10');
  await sells(south[0], 500, '2026-03-10');
  await sells(south[1], 400, '2026-03-10');
  // What is older than a year, of today, or of somebody outside the file scheme counts nothing.
  await sells(south[1], 100_000, '2025-11-22');
  await sells(special.target, 90_000, '2026-03-10');
  await sells(special.lost, 90_000, '2026-03-10');
  await makeKeyAccount(server, { customerId: east[9]?.id ?? '' });
  await server.rollUp();
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

async function runNight(count: number): Promise<void> {
  server.clock.set(night(count));
  await server.sweep();
}

function id(customer: Named | undefined): string {
  if (!customer) throw new Error('There is no such customer.');
  return customer.nodeId;
}

const CANDIDATE = `id from to origin state reasons reason score rank population version isOverdue dueAt
  access { level } customer { id grade } components { component raw scaled weight missing }
  proposedBy { id } decidedBy { id } decisionReason viewerCan { action allowed reason }`;

async function candidates(caller: PersonName, where = '{}') {
  const { data, errors } = await server.gql(
    caller,
    `{ gradeCandidates(first: 100, where: ${where}, orderBy: [{ field: raisedAt, direction: ASC }]) { totalCount edges { node { ${CANDIDATE} } } } }`,
  );
  expect(errors).toBeUndefined();
  return data.gradeCandidates.edges.map(({ node }: { node: object }) => node);
}

async function openOf(customer: Named | undefined, caller: PersonName = 'HEAD') {
  return candidates(caller, `{ customer: { eq: "${id(customer)}" }, state: { eq: OPEN } }`);
}

const PROPOSAL = `gradeProposal { grade score rank population scope components { component raw scaled weight missing } }`;

async function customerOf(customer: Named | undefined, selection: string, caller: PersonName = 'HEAD') {
  const { data, errors } = await server.gql(
    caller,
    `query ($id: ID!) { node(id: $id) { ... on Customer { ${selection} } } }`,
    {
      id: id(customer),
    },
  );
  expect(errors).toBeUndefined();
  return data.node;
}

async function proposalsOf(customers: readonly Named[]): Promise<(string | null)[]> {
  const { data } = await server.gql(
    'HEAD',
    `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { ${PROPOSAL} } } }`,
    {
      ids: customers.map(({ nodeId }) => nodeId),
    },
  );
  return data.nodes.map(
    (node: { gradeProposal: { grade: string } | null }) => node.gradeProposal?.grade ?? null,
  );
}

async function eventsOf(kind: string, customer: Named | undefined) {
  await server.settled();
  return server.services.database.query<{
    audience: object;
    severity: string;
    payload: Record<string, unknown>;
  }>(
    sql`select audience, severity, payload from event
        where kind = ${kind} and subject_id = ${customer?.id ?? ''}::uuid order by seq`,
  );
}

describe('the nightly score', () => {
  test('[CUS-24] [CUS-25] [CUS-35] [CFL-01] customers in scope are ranked within their region: A 20, B 40, C and D 40 %', async () => {
    await runNight(1);
    // Of ten: two A, four B, three C, one D; the key account that sells least gets at least B (CFL-02).
    expect(await proposalsOf(east)).toEqual(['A', 'A', 'B', 'B', 'B', 'B', 'C', 'C', 'C', 'B']);
    expect(await proposalsOf(south)).toEqual(['A', 'B']);
    expect(await proposalsOf(Object.values(special))).toEqual([null, null, null, null]);
    const { data } = await server.gql(
      'HEAD',
      '{ gradingRuns(first: 1) { scope scored unscored candidates } }',
    );
    expect(data.gradingRuns).toEqual([{ scope: 'REGION', scored: 12, unscored: 2, candidates: 9 }]);
    expect((await server.gql('SALES_REP', '{ gradingRuns { scored } }')).data.gradingRuns).toEqual([]);
  });

  test('[CFL-02] a key account gets at least grade B, whatever its level; without it the tail is D', async () => {
    expect((await customerOf(east[9], PROPOSAL)).gradeProposal).toMatchObject({ grade: 'B', rank: 10 });
    expect((await customerOf(east[8], PROPOSAL)).gradeProposal).toMatchObject({ grade: 'C', rank: 9 });
    await setSetting(server, 'grading.keyAccountMinGrade', 'D');
    await runNight(2);
    expect((await customerOf(east[9], PROPOSAL)).gradeProposal.grade).toBe('D');
    await setSetting(server, 'grading.enableD', false);
    await runNight(3);
    expect((await customerOf(east[9], PROPOSAL)).gradeProposal.grade).toBe('C');
    await setSetting(server, 'grading.enableD', true);
    await setSetting(server, 'grading.keyAccountMinGrade', 'B');
    await runNight(4);
    expect(await proposalsOf(east)).toEqual(['A', 'A', 'B', 'B', 'B', 'B', 'C', 'C', 'C', 'B']);
  });

  test('[CUS-26] [CUS-27] the score is made of weighed components; what is not known is left out and the rest weighs more', async () => {
    expect((await customerOf(east[0], PROPOSAL)).gradeProposal).toEqual({
      grade: 'A',
      score: '100',
      rank: 1,
      population: 10,
      scope: 'REGION',
      components: [
        { component: 'SALES', raw: '10000', scaled: '100', weight: '100', missing: false },
        ...['GROWTH', 'SIZE', 'PROFIT', 'LIKELIHOOD'].map((component) => ({
          component,
          raw: null,
          scaled: null,
          weight: null,
          missing: true,
        })),
        { component: 'REGION_AND_NATURE', raw: 'EAST', scaled: null, weight: null, missing: true },
      ],
    });
    // Sales of the year up to 22 November; the day a year ago has passed out of it.
    expect((await customerOf(south[1], PROPOSAL)).gradeProposal.components[0]).toMatchObject({
      raw: '400',
      scaled: '0',
    });
    const known = await mutate(server, 'SALES_SUPERVISOR', 'gradingProfileSet', {
      customerId: id(south[1]),
      expectedVersion: 0,
      size: 'GROUP',
      likelihood: 'MEDIUM',
      nature: 'TRADER',
    });
    expect(known.__typename).toBe('GradingProfileSetSuccess');
    await makeShipments(server, 1, {
      customerId: south[1]?.id ?? '',
      revenue: 100,
      freight: 40,
      deliveredAt: at('2026-05-05'),
      countedAt: at('2026-05-05'),
    });
    await setSetting(server, 'grading.regionPoints', { SOUTH: 90 });
    await server.rollUp();
    await runNight(5);
    const { gradeProposal } = await customerOf(south[1], PROPOSAL);
    // Sales 500 tie with the other's: both 0. Growth (500 − 100000) ÷ 100000, the only one known. Margin 60.
    expect(gradeProposal.components).toEqual([
      { component: 'SALES', raw: '500', scaled: '0', weight: '30', missing: false },
      { component: 'GROWTH', raw: '-0.995', scaled: '0', weight: '20', missing: false },
      { component: 'SIZE', raw: 'GROUP', scaled: '100', weight: '20', missing: false },
      { component: 'PROFIT', raw: '60', scaled: '0', weight: '15', missing: false },
      { component: 'LIKELIHOOD', raw: 'MEDIUM', scaled: '50', weight: '10', missing: false },
      { component: 'REGION_AND_NATURE', raw: 'SOUTH, TRADER', scaled: '80', weight: '5', missing: false },
    ]);
    // 20 × 100 + 10 × 50 + 5 × 80, of 100; the other one has 5 × 90 of 35.
    expect(gradeProposal).toMatchObject({ score: '29', rank: 1, grade: 'A' });
    expect((await customerOf(south[0], PROPOSAL)).gradeProposal).toMatchObject({
      score: '12.8571',
      rank: 2,
      grade: 'B',
    });
    await setSetting(server, 'grading.weights', {
      sales: 1,
      growth: 0,
      size: 0,
      profit: 0,
      likelihood: 0,
      regionAndNature: 99,
    });
    await runNight(6);
    expect((await customerOf(south[0], PROPOSAL)).gradeProposal).toMatchObject({ score: '89.1', rank: 1 });
    await setSetting(server, 'grading.weights', {
      sales: 30,
      growth: 20,
      size: 20,
      profit: 15,
      likelihood: 10,
      regionAndNature: 5,
    });
    await runNight(7);
  });

  test('codes are those of the configuration, and set by who may write the file', async () => {
    const input = { customerId: id(east[0]), expectedVersion: 0, size: 'HUGE', nature: 'X' };
    expect(pathsOf(await mutate(server, 'HEAD', 'gradingProfileSet', input))).toEqual(['size', 'nature']);
    expect(
      (await mutate(server, 'CS_AGENT', 'gradingProfileSet', { ...input, size: 'LARGE' })).__typename,
    ).toBe('Forbidden');
    expect((await mutate(server, 'HR', 'gradingProfileSet', { ...input, size: 'LARGE' })).__typename).toBe(
      'NotFound',
    );
    const profile = 'gradingProfile { size likelihood nature version updatedBy { id } }';
    expect((await customerOf(east[0], profile)).gradingProfile).toMatchObject({ size: null, version: 0 });
    const good = { ...input, size: 'LARGE', nature: undefined };
    expect((await mutate(server, 'ACCOUNT_MANAGER_LOGISTICS', 'gradingProfileSet', good)).__typename).toBe(
      'GradingProfileSetSuccess',
    );
    expect((await customerOf(east[0], profile)).gradingProfile).toEqual({
      size: 'LARGE',
      likelihood: null,
      nature: null,
      version: 1,
      updatedBy: { id: people.ACCOUNT_MANAGER_LOGISTICS.nodeId },
    });
    expect(await mutate(server, 'HEAD', 'gradingProfileSet', good)).toMatchObject({
      __typename: 'StaleVersion',
      current: 1,
    });
    const cleared = { customerId: id(east[0]), expectedVersion: 1, size: null };
    await mutate(server, 'HEAD', 'gradingProfileSet', cleared);
    expect((await customerOf(east[0], profile)).gradingProfile).toMatchObject({ size: null, version: 2 });
    expect((await customerOf(east[0], profile, 'CS_AGENT')).gradingProfile).toBeNull();
  });
});

describe('proposed grades', () => {
  test('[CUS-22] [EVT-31] a grade that the facts do not bear out any more is proposed once, confirmed in 5 working days, and kept in history', async () => {
    const [candidate] = await openOf(east[0]);
    expect(candidate).toMatchObject({
      from: 'C',
      to: 'A',
      origin: 'ENGINE',
      reasons: ['SALES'],
      score: '100',
      rank: 1,
      population: 10,
      // Raised on Tuesday at 03:00: the fifth working day ends on Monday.
      dueAt: '2026-11-30T09:30:00.000Z',
      isOverdue: false,
    });
    const told = await eventsOf('GRADE_CHANGE_CANDIDATE', east[0]);
    // Seven nights have proposed the same.
    expect(told).toMatchObject([
      {
        severity: 'INFO',
        audience: {
          roles: ['SALES_SUPERVISOR', 'CS_SUPERVISOR'],
          employees: [people.ACCOUNT_MANAGER_LOGISTICS.id],
        },
        payload: { from: 'C', to: 'A', reasons: 'SALES' },
      },
    ]);
    expect(await eventsOf('GRADE_CONFIRMATION_OVERDUE', east[0])).toEqual([]);
    await runNight(8);
    expect((await openOf(east[0]))[0]).toMatchObject({ isOverdue: true });
    expect(await eventsOf('GRADE_CONFIRMATION_OVERDUE', east[0])).toMatchObject([
      { severity: 'WARNING', audience: { roles: ['HEAD', 'SALES_SUPERVISOR', 'CS_SUPERVISOR'] } },
    ]);
    const decide = {
      gradeCandidateId: candidate.id,
      decision: 'CONFIRM',
      expectedVersion: candidate.version,
    };
    expect(
      (await mutate(server, 'ACCOUNT_MANAGER_LOGISTICS', 'gradeCandidateDecide', decide)).__typename,
    ).toBe('Forbidden');
    expect((await mutate(server, 'CS_AGENT', 'gradeCandidateDecide', decide)).__typename).toBe('NotFound');
    expect(
      await mutate(server, 'CS_SUPERVISOR', 'gradeCandidateDecide', { ...decide, expectedVersion: 9 }),
    ).toMatchObject({
      __typename: 'StaleVersion',
    });
    const done = await mutate(
      server,
      'CS_SUPERVISOR',
      'gradeCandidateDecide',
      decide,
      `gradeCandidate { ${CANDIDATE} }`,
    );
    // The file is one of grade A now: who is not dedicated to it sees the card of the proposal.
    expect(done.gradeCandidate).toMatchObject({
      state: 'CONFIRMED',
      decidedBy: { id: people.CS_SUPERVISOR.nodeId },
      access: { level: 'MASKED' },
      score: null,
      components: null,
      reasons: [],
      customer: { grade: 'A' },
    });
    expect(
      (await mutate(server, 'HEAD', 'gradeCandidateDecide', { ...decide, expectedVersion: 2 })).__typename,
    ).toBe('IllegalTransition');
    expect(
      (await customerOf(east[0], 'grade gradeHistory { from to reason actor { id } }')).gradeHistory,
    ).toEqual([
      {
        from: 'C',
        to: 'A',
        reason: 'Score 100, rank 1 of 10 (CUS-27)',
        actor: { id: people.CS_SUPERVISOR.nodeId },
      },
    ]);
    await runNight(9);
    expect(await openOf(east[0])).toEqual([]);
    expect(await eventsOf('GRADE_CHANGE_CANDIDATE', east[0])).toHaveLength(1);
  });

  test('what was refused is proposed again only after the proposal has changed', async () => {
    const [candidate] = await openOf(east[1]);
    const decide = { gradeCandidateId: candidate.id, decision: 'REFUSE', expectedVersion: candidate.version };
    expect(pathsOf(await mutate(server, 'HEAD', 'gradeCandidateDecide', decide))).toEqual(['reason']);
    const refused = await mutate(
      server,
      'SALES_SUPERVISOR',
      'gradeCandidateDecide',
      { ...decide, reason: 'One large order only.' },
      `gradeCandidate { state decisionReason customer { grade } }`,
    );
    expect(refused.gradeCandidate).toEqual({
      state: 'REFUSED',
      decisionReason: 'One large order only.',
      customer: { grade: 'C' },
    });
    await runNight(10);
    expect(await openOf(east[1])).toEqual([]);
    // With fewer A it is B, and A again.
    await setSetting(server, 'grading.shares', { A: 10, B: 50, C: 40 });
    await runNight(11);
    expect(await openOf(east[1])).toMatchObject([{ from: 'C', to: 'B' }]);
    await setSetting(server, 'grading.shares', { A: 20, B: 40, C: 40 });
    await runNight(12);
    expect(await openOf(east[1])).toMatchObject([{ from: 'C', to: 'A' }]);
    const all = await candidates('HEAD', `{ customer: { eq: "${id(east[1])}" } }`);
    expect(all.map(({ to, state }: { to: string; state: string }) => `${to} ${state}`)).toEqual([
      'A REFUSED',
      'B SUPERSEDED',
      'A OPEN',
    ]);
  });

  test('[CUS-27] a grade set by hand needs a reason and takes the place of what was proposed', async () => {
    const customer = east[2];
    expect(await openOf(customer)).toMatchObject([{ from: 'C', to: 'B' }]);
    const { version } = await customerOf(customer, 'version');
    const byHand = { customerId: id(customer), expectedVersion: version, grade: 'D', reason: ' ' };
    expect(pathsOf(await mutate(server, 'HEAD', 'customerGrade', byHand))).toEqual(['reason']);
    expect(
      (await mutate(server, 'HEAD', 'customerGrade', { ...byHand, reason: 'Pays late.' })).__typename,
    ).toBe('CustomerGradeSuccess');
    const [superseded] = await candidates('HEAD', `{ customer: { eq: "${id(customer)}" } }`);
    expect(superseded.state).toBe('SUPERSEDED');
    expect(await customerOf(customer, 'grade gradeHistory { to reason }')).toEqual({
      grade: 'D',
      gradeHistory: [{ to: 'D', reason: 'Pays late.' }],
    });
    await runNight(13);
    expect(await openOf(customer)).toEqual([]);
  });

  test('[CFL-33] service staff and the owner propose with a reason; others do not', async () => {
    const customer = await makeCustomer(server, { grade: 'C', ownerId: people.SALES_REP.id });
    const input = { customerId: customer.nodeId, grade: 'B', reason: 'Opens two more branches.' };
    for (const caller of ['SALES_REP_2', 'MARKETING_CLERK', 'DATA_ANALYST', 'OPERATIONS'] as const)
      expect([caller, (await mutate(server, caller, 'gradePropose', input)).__typename]).toEqual([
        caller,
        'Forbidden',
      ]);
    expect((await mutate(server, 'HR', 'gradePropose', input)).__typename).toBe('NotFound');
    expect(
      pathsOf(await mutate(server, 'CS_AGENT', 'gradePropose', { ...input, grade: 'C', reason: '' })),
    ).toEqual(['reason', 'grade']);
    const made = await mutate(server, 'CS_AGENT', 'gradePropose', input, `gradeCandidate { ${CANDIDATE} }`);
    expect(made.gradeCandidate).toMatchObject({
      from: 'C',
      to: 'B',
      origin: 'PERSON',
      reason: input.reason,
      proposedBy: { id: people.CS_AGENT.nodeId },
      components: null,
    });
    // One waits at a time.
    expect(pathsOf(await mutate(server, 'SALES_REP', 'gradePropose', input))).toEqual(['customerId']);
    await mutate(server, 'HEAD', 'gradeCandidateDecide', {
      gradeCandidateId: made.gradeCandidate.id,
      decision: 'REFUSE',
      reason: 'Wait for the sales.',
      expectedVersion: 1,
    });
    const again = { ...input, idempotencyKey: 'again' };
    const [one, two] = [
      await mutate(server, 'SALES_REP', 'gradePropose', again, 'gradeCandidate { id }'),
      await mutate(server, 'SALES_REP', 'gradePropose', again, 'gradeCandidate { id }'),
    ];
    expect(one.gradeCandidate.id).toBe(two.gradeCandidate.id);
    await mutate(server, 'SALES_SUPERVISOR', 'gradeCandidateDecide', {
      gradeCandidateId: one.gradeCandidate.id,
      decision: 'CONFIRM',
      expectedVersion: 1,
    });
    expect(await customerOf(customer, 'grade gradeHistory { to reason }')).toEqual({
      grade: 'B',
      gradeHistory: [{ to: 'B', reason: input.reason }],
    });
  });

  test('[CUS-35] only customers in the file scheme are graded', async () => {
    for (const customer of [special.target, special.lost]) {
      const { version } = await customerOf(customer, 'version');
      const input = { customerId: id(customer), grade: 'C', reason: 'of a test' };
      expect(pathsOf(await mutate(server, 'HEAD', 'gradePropose', input))).toEqual(['customerId']);
      expect(
        pathsOf(await mutate(server, 'HEAD', 'customerGrade', { ...input, expectedVersion: version })),
      ).toEqual(['customerId']);
    }
  });

  test('a closed file tells nothing of its score, and its grade is decided by who reads it', async () => {
    const proposal = { customerId: id(special.masked), grade: 'B', reason: 'Sells less.' };
    expect((await mutate(server, 'CS_AGENT', 'gradePropose', proposal)).__typename).toBe('Forbidden');
    expect((await mutate(server, 'SALES_REP', 'gradePropose', proposal)).__typename).toBe('Forbidden');
    const made = await mutate(server, 'HEAD', 'gradePropose', proposal, 'gradeCandidate { id reason }');
    expect(made.gradeCandidate.reason).toBe('Sells less.');
    expect(await openOf(special.masked, 'SALES_SUPERVISOR')).toMatchObject([
      {
        access: { level: 'MASKED' },
        from: 'A',
        to: 'B',
        reason: null,
        viewerCan: [{ action: 'gradeCandidateDecide', allowed: false, reason: 'GRADE_A_DEDICATED_ONLY' }],
      },
    ]);
    const decide = { gradeCandidateId: made.gradeCandidate.id, decision: 'CONFIRM', expectedVersion: 1 };
    expect((await mutate(server, 'SALES_SUPERVISOR', 'gradeCandidateDecide', decide)).__typename).toBe(
      'Forbidden',
    );
    for (const caller of ['CS_AGENT', 'SALES_REP', 'DATA_ANALYST', 'OPERATIONS', 'HR'] as const)
      expect(await openOf(special.masked, caller)).toEqual([]);
    expect(await customerOf(east[0], `${PROPOSAL} gradeHistory { to }`, 'DATA_ANALYST')).toEqual({
      gradeProposal: null,
      gradeHistory: null,
    });
  });

  test('[CUS-29] the grade drives limits, cadence and care budget, from the moment at which it is confirmed', async () => {
    const customer = await makeCustomer(server, { grade: 'C', lifecycle: 'ACTIVE' });
    const opened = await mutate(
      server,
      'CS_AGENT',
      'ticketOpen',
      {
        category: 'COMPLAINT',
        subject: 'x',
        content: 'x',
        channel: 'PHONE',
        callerName: 'Li Lei',
        callerPhone: '13900000000',
        customerId: customer.nodeId,
      },
      'ticket { id }',
    );
    const policy =
      'servicePolicy { grade slaFactor calls callWeeks visits visitMonths host careBudget { amount } incentive }';
    const limit = async () => {
      const { data } = await server.gql(
        'HEAD',
        `query ($id: ID!) { node(id: $id) { ... on Ticket { id customer { ${policy} } } } }`,
        { id: opened.ticket.id },
      );
      const [row] = await server.services.database.query<{ due: Date }>(
        sql`select resolution_due_at as due from ticket where customer_id = ${customer.id}::uuid`,
      );
      const hours = ((row?.due.getTime() ?? 0) - server.clock.now().getTime()) / 3_600_000;
      return { hours, policy: data.node.customer.servicePolicy };
    };
    expect(await limit()).toEqual({
      hours: 72,
      policy: {
        grade: 'C',
        slaFactor: '1',
        calls: 1,
        callWeeks: 2,
        visits: 1,
        visitMonths: 4,
        host: 'MIDDLE_SENIOR',
        careBudget: { amount: '500.00' },
        incentive: 'STANDARD_TERMS',
      },
    });
    const { gradeCandidate } = await mutate(
      server,
      'CS_AGENT',
      'gradePropose',
      { customerId: customer.nodeId, grade: 'A', reason: 'The largest shipper of the port.' },
      'gradeCandidate { id }',
    );
    await mutate(server, 'HEAD', 'gradeCandidateDecide', {
      gradeCandidateId: gradeCandidate.id,
      decision: 'CONFIRM',
      expectedVersion: 1,
    });
    expect(await limit()).toEqual({
      hours: 36,
      policy: {
        grade: 'A',
        slaFactor: '0.5',
        calls: 1,
        callWeeks: 1,
        visits: 1,
        visitMonths: 2,
        host: 'TOP_LEADER',
        careBudget: { amount: '5000.00' },
        incentive: 'VOLUME_REBATE_AND_PRIORITY_CAPACITY',
      },
    });
    const { data } = await server.gql('OPERATIONS', '{ servicePolicies { grade careBudget { amount } } }');
    expect(data.servicePolicies).toEqual([
      { grade: 'A', careBudget: { amount: '5000.00' } },
      { grade: 'B', careBudget: { amount: '2000.00' } },
      { grade: 'C', careBudget: { amount: '500.00' } },
      { grade: 'D', careBudget: { amount: '0.00' } },
    ]);
  });
});

describe('gradingSimulate', () => {
  const SIMULATION = `query ($input: GradingSimulateInput!) { gradingSimulate(input: $input) { __typename
    ... on GradingSimulation { changed counts { grade inForce before after } differences { customer { id } before after } }
    ... on InvalidInput { issues { path } } ... on Forbidden { required } } }`;
  const simulate = async (caller: PersonName, input: object) =>
    (await server.gql(caller, SIMULATION, { input })).data.gradingSimulate;

  test('[CUS-27] other weights, shares or scope are tried without writing anything', async () => {
    const rows = () => server.services.database.query(sql`select count(*)::int as count from grade_score`);
    const kept = await rows();
    const same = await simulate('HEAD', {});
    expect(same).toMatchObject({ changed: 0, differences: [] });
    const { counts } = await simulate('HEAD', { shares: { A: '50', B: '50', C: '0' } });
    const proposed = Object.fromEntries(
      counts.map(({ grade, before, after }: { grade: string; before: number; after: number }) => [
        grade,
        [before, after],
      ]),
    );
    // Ten of EAST and two of SOUTH; nobody has a score beside them. The key account is B in both.
    expect(proposed).toEqual({ A: [3, 6], B: [6, 6], C: [3, 0], D: [0, 0], null: expect.anything() });
    expect(await rows()).toEqual(kept);
  });

  test('by company instead of by region; differences are of files that the viewer reads', async () => {
    const company = await simulate('HEAD', {
      scope: 'COMPANY',
      weights: { regionAndNature: '0', size: '0', likelihood: '0' },
    });
    expect(company.changed).toBeGreaterThan(0);
    expect(company.differences).toHaveLength(company.changed);
    const analyst = await simulate('DATA_ANALYST', {
      scope: 'COMPANY',
      weights: { regionAndNature: '0', size: '0', likelihood: '0' },
    });
    expect(analyst.changed).toBe(company.changed);
    // The first of EAST has a grade A file by now.
    expect(analyst.differences.map(({ customer }: { customer: Named }) => customer.id)).not.toContain(
      id(east[0]),
    );
    expect((await simulate('SALES_REP', {})).__typename).toBe('Forbidden');
    expect(
      await simulate('HEAD', {
        shares: { A: '50', B: '50', C: '50' },
        weights: { sales: '-1' },
        first: 1_000,
      }),
    ).toMatchObject({
      issues: [{ path: ['weights', 'sales'] }, { path: ['shares'] }, { path: ['first'] }],
    });
  });
});

test('a night takes as many statements for many customers as for few', async () => {
  const sold = async (count: number) => {
    const made = await makeCustomers(server, count, { grade: 'D', areaId: areas.SOUTH.id });
    await makeShipments(server, count, (index) => ({
      customerId: made[index]?.id ?? '',
      revenue: 5_000 + index,
      deliveredAt: at('2026-04-01'),
      countedAt: at('2026-04-01'),
    }));
    await server.rollUp();
  };
  const { runner, systemOrigin, timeZone } = server.services;
  const score = async () => {
    // What else is due is worked off before.
    await server.sweep();
    const origin = await systemOrigin();
    return server.statementsDuring(async () => {
      await runner.run(origin, (tx) => sweepNights(timeZone)(tx, []));
      await server.services.sweeper.runOnce();
    });
  };
  await sold(2);
  const few = await score();
  await sold(60);
  expect(await score()).toBe(few);
  const { data } = await server.gql('HEAD', '{ gradingRuns(first: 1) { scored candidates } }');
  expect(data.gradingRuns[0].scored).toBe(74);
  expect(data.gradingRuns[0].candidates).toBeGreaterThan(40);
});
