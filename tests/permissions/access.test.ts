import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Role, TeamType } from '../../src/generated/prisma/enums.ts';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { wsClient } from '../support/clients.ts';
import {
  type CustomerRow,
  makeAssignment,
  makeContact,
  makeCustomer,
  makeEmployee,
  makeGrants,
  makeKeyAccount,
} from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { areas, type Named, people, type PersonName, teams } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer, waitUntil } from '../support/server.ts';

/** What opens a file, from which instant to which, and who may open it. */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(() => server.clock.set(MONDAY_9));

const DAY = 86_400_000;

async function levelOf(caller: Caller, customer: Named): Promise<'FULL' | 'MASKED' | 'NONE' | 'NOBODY'> {
  const { data, status } = await server.gql(
    caller,
    'query ($id: ID!) { node(id: $id) { ... on Customer { access { level } } } }',
    { id: customer.nodeId },
  );
  return status === 401 ? 'NOBODY' : (data.node?.access.level ?? 'NONE');
}

function later(milliseconds: number): Date {
  return new Date(server.clock.now().getTime() + milliseconds);
}

async function write(statement: ReturnType<typeof sql>): Promise<void> {
  await server.services.database.transaction((tx) => tx.prisma.$executeRaw(statement));
  await server.services.directory();
}

describe('dedicated assignments (CUS-17)', () => {
  async function assign(caller: Caller, customer: Named, employee: Named, dedicated = true) {
    const input = { customerId: customer.nodeId, employeeId: employee.nodeId, dedicated };
    return mutate(server, caller, 'customerAssign', input);
  }

  test('only HEAD dedicates, and assigns to a grade A customer at all', async () => {
    const [a, b] = await Promise.all([makeCustomer(server, { grade: 'A' }), makeCustomer(server)]);
    const outcome = async (caller: PersonName, customer: Named, dedicated: boolean) =>
      (await assign(caller, customer, people.SALES_REP_2, dedicated)).__typename;
    for (const name of Object.keys(people) as PersonName[]) {
      const { role } = people[name];
      const unknown = role === 'HR' || role === 'ADMIN';
      const forbidden = unknown ? 'NotFound' : 'Forbidden';
      const head = role === 'HEAD';
      expect([name, await outcome(name, b, true)]).toEqual([
        name,
        head ? 'CustomerAssignSuccess' : forbidden,
      ]);
      expect([name, await outcome(name, a, false)]).toEqual([
        name,
        head ? 'CustomerAssignSuccess' : forbidden,
      ]);
      const plain = head || role === 'SALES_SUPERVISOR' ? 'CustomerAssignSuccess' : forbidden;
      expect([name, await outcome(name, b, false)]).toEqual([name, plain]);
    }
  });

  test('only members of org.insideTeams are dedicated; the register says which those are', async () => {
    const customer = await makeCustomer(server, { grade: 'A' });
    const inside = [
      'MARKET_DEVELOPMENT',
      'SALES',
      'CUSTOMER_SERVICE',
      'DATA_ANALYSIS',
      'KEY_ACCOUNT',
    ] as const satisfies readonly TeamType[];
    const typeOf = new Map([
      [teams.OFFICE.id, 'OTHER'],
      ...inside.map((type): [string, string] => [teams[type].id, type]),
      [teams.CUSTOMER_SERVICE_2.id, 'CUSTOMER_SERVICE'],
    ]);
    for (const person of Object.values(people)) {
      const answer = await assign('HEAD', customer, person);
      const allowed = (inside as readonly string[]).includes(typeOf.get(person.teamId ?? '') ?? '');
      expect([person.name, answer.__typename]).toEqual([
        person.name,
        allowed ? 'CustomerAssignSuccess' : 'InvalidInput',
      ]);
      if (!allowed) expect(pathsOf(answer)).toEqual(['employeeId']);
    }
    // Being dedicated opens a grade A file to those whose cell of section 23 says so.
    expect(await levelOf('SALES_REP', customer)).toBe('FULL');
    expect(await levelOf('CS_AGENT', customer)).toBe('MASKED');

    const id = newId();
    await write(sql`
      insert into setting (id, key, value, valid_from, proposed_by_id, proposed_at, reason, approved_by_id, approved_at)
      values (${id}::uuid, 'org.insideTeams', '["KEY_ACCOUNT"]'::jsonb, ${server.clock.now()}::timestamptz,
              ${people.ADMIN.id}::uuid, ${server.clock.now()}::timestamptz, 'test', ${people.HEAD.id}::uuid, ${server.clock.now()}::timestamptz)`);
    expect((await assign('HEAD', customer, people.SALES_REP_2)).__typename).toBe('InvalidInput');
    expect((await assign('HEAD', customer, people.KA_SPECIALIST_2)).__typename).toBe('CustomerAssignSuccess');
    await write(sql`delete from setting where id = ${id}::uuid`);
  });

  test('a person who has left is assigned to nothing', async () => {
    const customer = await makeCustomer(server);
    const gone = await makeEmployee(server, {
      roles: ['SALES_REP'],
      teamId: teams.SALES.id,
      leftOn: new Date('2026-11-01'),
    });
    expect(pathsOf(await assign('HEAD', customer, gone, false))).toEqual(['employeeId']);
  });

  test('[PRM-06] unassigning ends a dedicated assignment at once, and one that has yet to begin', async () => {
    const customer = await makeCustomer(server, { grade: 'A' });
    await makeAssignment(server, {
      customerId: customer.id,
      employeeId: people.SALES_REP.id,
      dedicated: true,
    });
    const ahead = {
      customerId: customer.id,
      employeeId: people.SALES_REP.id,
      dedicated: true,
      validFrom: later(DAY),
    };
    await makeAssignment(server, ahead);
    expect(await levelOf('SALES_REP', customer)).toBe('FULL');
    const input = { customerId: customer.nodeId, employeeId: people.SALES_REP.nodeId };
    expect((await mutate(server, 'SALES_SUPERVISOR', 'customerUnassign', input)).__typename).toBe(
      'Forbidden',
    );
    expect((await mutate(server, 'HEAD', 'customerUnassign', input)).__typename).toBe(
      'CustomerUnassignSuccess',
    );
    expect(await levelOf('SALES_REP', customer)).toBe('MASKED');
    server.clock.advance(2 * DAY);
    expect(await levelOf('SALES_REP', customer)).toBe('MASKED');
  });

  describe('[PRM-06] a change of role ends them at that instant', () => {
    async function dedicatedPerson(roles: readonly Role[], roleTo: Date | null = null) {
      const person = await makeEmployee(server, { roles, roleTo, teamId: teams.SALES.id });
      const [a, b] = await Promise.all([makeCustomer(server, { grade: 'A' }), makeCustomer(server)]);
      for (const { id: customerId } of [a, b]) {
        await makeAssignment(server, { customerId, employeeId: person.id, dedicated: true });
      }
      const levels = async () => [await levelOf(person.subject, a), await levelOf(person.subject, b)];
      return { person, levels };
    }

    async function giveRole(person: Named, role: Role, from: Date): Promise<void> {
      await write(sql`
        insert into role_assignment (id, employee_id, role, valid_from)
        values (${newId()}::uuid, ${person.id}::uuid, ${role}::"Role", ${from}::timestamptz)`);
    }

    test('to another role that can be dedicated, too', async () => {
      const change = later(DAY);
      const { person, levels } = await dedicatedPerson(['KA_SPECIALIST'], change);
      await giveRole(person, 'SALES_REP', change);
      expect(await levels()).toEqual(['FULL', 'FULL']);
      server.clock.set(new Date(change.getTime() - 1));
      expect(await levels()).toEqual(['FULL', 'FULL']);
      server.clock.set(change);
      expect(await levels()).toEqual(['MASKED', 'MASKED']);
    });

    test('the loss of one of two roles is a change; a role gained is none', async () => {
      const { person, levels } = await dedicatedPerson(['KA_SPECIALIST', 'SALES_REP']);
      await giveRole(person, 'MARKET_DEVELOPER', server.clock.now());
      expect(await levels()).toEqual(['FULL', 'FULL']);
      await write(sql`
        update role_assignment set valid_to = ${later(1)}::timestamptz
        where employee_id = ${person.id}::uuid and role = 'SALES_REP'`);
      expect(await levels()).toEqual(['FULL', 'FULL']);
      server.clock.advance(1);
      expect(await levels()).toEqual(['MASKED', 'MASKED']);
    });

    test('the same role carried on by another entry is no change; a gap is one, for good', async () => {
      const end = later(DAY);
      const carried = await dedicatedPerson(['SALES_REP'], end);
      await giveRole(carried.person, 'SALES_REP', end);
      const gap = await dedicatedPerson(['SALES_REP'], end);
      await giveRole(gap.person, 'SALES_REP', new Date(end.getTime() + 1));
      server.clock.set(new Date(end.getTime() + DAY));
      expect(await carried.levels()).toEqual(['FULL', 'FULL']);
      expect(await gap.levels()).toEqual(['MASKED', 'MASKED']);
    });

    test('a dedicated assignment given after the change counts', async () => {
      const end = later(1);
      const { person, levels } = await dedicatedPerson(['KA_SPECIALIST'], end);
      await giveRole(person, 'SALES_REP', end);
      server.clock.set(end);
      expect(await levels()).toEqual(['MASKED', 'MASKED']);
      const customer = await makeCustomer(server, { grade: 'A' });
      expect((await assign('HEAD', customer, person)).__typename).toBe('CustomerAssignSuccess');
      expect(await levelOf(person.subject, customer)).toBe('FULL');
    });
  });
});

describe('times', () => {
  test('an assignment opens from its first instant up to, not including, its last', async () => {
    const customer = await makeCustomer(server);
    const [from, to] = [later(DAY), later(2 * DAY)];
    const employeeId = people.ACCOUNT_MANAGER_LEASING.id;
    await makeAssignment(server, { customerId: customer.id, employeeId, validFrom: from, validTo: to });
    const seen = [];
    for (const at of [from.getTime() - 1, from.getTime(), to.getTime() - 1, to.getTime()]) {
      server.clock.set(new Date(at));
      seen.push(await levelOf('ACCOUNT_MANAGER_LEASING', customer));
    }
    expect(seen).toEqual(['MASKED', 'FULL', 'FULL', 'MASKED']);
  });

  test('a role holds from its first instant up to, not including, its last; without one a person is nobody', async () => {
    const customer = await makeCustomer(server);
    const [from, to] = [later(DAY), later(2 * DAY)];
    const { subject } = await makeEmployee(server, { roles: ['DATA_ANALYST'], roleFrom: from, roleTo: to });
    const seen = [];
    for (const at of [from.getTime() - 1, from.getTime(), to.getTime() - 1, to.getTime()]) {
      server.clock.set(new Date(at));
      seen.push(await levelOf(subject, customer));
    }
    expect(seen).toEqual(['NOBODY', 'FULL', 'FULL', 'NOBODY']);
  });

  test('a person is somebody from the first day of employment to the last, in the business time zone', async () => {
    const customer = await makeCustomer(server);
    const { subject } = await makeEmployee(server, {
      roles: ['SALES_SUPERVISOR'],
      hiredOn: new Date('2026-11-25'),
      leftOn: new Date('2026-11-26'),
    });
    const seen = [];
    for (const at of [
      '2026-11-24T15:59:59.999Z',
      '2026-11-24T16:00:00.000Z',
      '2026-11-26T15:59:59.999Z',
      '2026-11-26T16:00:00.000Z',
    ]) {
      server.clock.set(at);
      seen.push(await levelOf(subject, customer));
    }
    expect(seen).toEqual(['NOBODY', 'FULL', 'FULL', 'NOBODY']);
  });
});

describe('several roles', () => {
  test('add up, each with its own reach', async () => {
    const person = await makeEmployee(server, {
      roles: ['FINANCE', 'SALES_REP', 'DEPUTY'],
      areaIds: [areas.EAST.id],
    });
    const [own, east, other, a] = await Promise.all([
      makeCustomer(server, { ownerId: person.id }),
      makeCustomer(server, { areaId: areas.EAST.id }),
      makeCustomer(server, { invoiceTitle: '远大' }),
      makeCustomer(server, { grade: 'A', areaId: areas.EAST.id, ownerId: person.id, invoiceTitle: '远大' }),
    ]);
    expect(
      await Promise.all([own, east, other, a].map((customer) => levelOf(person.subject, customer))),
    ).toEqual(['FULL', 'FULL', 'MASKED', 'MASKED']);
    const { data } = await server.gql(
      person.subject,
      'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { billing { invoiceTitle } } } viewer { roles permissions } }',
      { ids: [other.nodeId, a.nodeId] },
    );
    expect(data.nodes).toEqual([
      { billing: { invoiceTitle: '远大' } },
      { billing: { invoiceTitle: '远大' } },
    ]);
    expect(data.viewer.roles).toEqual(['DEPUTY', 'FINANCE', 'SALES_REP']);
    expect(data.viewer.permissions).toEqual(
      expect.arrayContaining([
        'customerBilling:read:ALL',
        'customerFile:read:AREA',
        'customerFile:read:ASSIGNED',
      ]),
    );
  });

  test('a role without any right takes none away', async () => {
    const customer = await makeCustomer(server);
    const { subject } = await makeEmployee(server, { roles: ['HR', 'ADMIN', 'CS_AGENT'] });
    expect(await levelOf(subject, customer)).toBe('MASKED');
  });
});

describe('deputies', () => {
  test('[ORG-04] reach the areas assigned to them as they stand, and no grade A file by their area', async () => {
    const person = await makeEmployee(server, { roles: ['DEPUTY'], areaIds: [areas.EAST.id] });
    const made = await Promise.all([
      makeCustomer(server, { areaId: areas.EAST.id }),
      makeCustomer(server, { areaId: areas.SOUTH.id }),
      makeCustomer(server),
      makeCustomer(server, { areaId: areas.EAST.id, grade: 'A' }),
    ]);
    const levels = () => Promise.all(made.map((customer) => levelOf(person.subject, customer)));
    expect(await levels()).toEqual(['FULL', 'MASKED', 'MASKED', 'MASKED']);
    await write(
      sql`update employee_area set area_id = ${areas.SOUTH.id}::uuid where employee_id = ${person.id}::uuid`,
    );
    expect(await levels()).toEqual(['MASKED', 'FULL', 'MASKED', 'MASKED']);
    await write(sql`delete from employee_area where employee_id = ${person.id}::uuid`);
    expect(await levels()).toEqual(['MASKED', 'MASKED', 'MASKED', 'MASKED']);
  });
});

describe('grading', () => {
  async function grade(caller: Caller, customer: Named, to: string) {
    const { data } = await server.gql(
      'HEAD',
      'query ($id: ID!) { node(id: $id) { ... on Customer { version } } }',
      {
        id: customer.nodeId,
      },
    );
    const input = {
      customerId: customer.nodeId,
      grade: to,
      reason: '复核',
      expectedVersion: data.node.version,
    };
    return (await mutate(server, caller, 'customerGrade', input)).__typename;
  }

  test('nobody opens a grade A file to themselves by lowering its grade', async () => {
    const customer = await makeCustomer(server, { grade: 'A', lifecycle: 'LOST' });
    for (const caller of ['SALES_SUPERVISOR', 'CS_SUPERVISOR'] as const) {
      expect(await grade(caller, customer, 'B')).toBe('Forbidden');
      const { data } = await server.gql(
        caller,
        'query ($id: ID!) { node(id: $id) { ... on Customer { viewerCan { action allowed reason } } } }',
        { id: customer.nodeId },
      );
      // The life stage, which is content of the file, is not told as the reason.
      expect(data.node.viewerCan).toContainEqual({
        action: 'customerGrade',
        allowed: false,
        reason: 'GRADE_A_DEDICATED_ONLY',
      });
      expect(await levelOf(caller, customer)).toBe('MASKED');
    }
    const open = await makeCustomer(server, { grade: 'A' });
    await makeAssignment(server, {
      customerId: open.id,
      employeeId: people.CS_SUPERVISOR.id,
      dedicated: true,
    });
    expect(await grade('CS_SUPERVISOR', open, 'B')).toBe('CustomerGradeSuccess');
  });

  test('a grade raised to A closes the file at once to all but the dedicated', async () => {
    const customer = await makeCustomer(server, { ownerId: people.SALES_REP.id });
    await makeGrants(server, 1, () => ({
      customerId: customer.id,
      requesterId: people.OTHER_DEPARTMENT.id,
    }));
    await makeKeyAccount(server, { customerId: customer.id });
    await makeAssignment(server, {
      customerId: customer.id,
      employeeId: people.KA_SPECIALIST.id,
      dedicated: true,
    });
    const callers = [
      'SALES_REP',
      'OTHER_DEPARTMENT',
      'KA_SUPERVISOR',
      'SALES_SUPERVISOR',
      'KA_SPECIALIST',
    ] as const;
    const levels = () => Promise.all(callers.map((caller) => levelOf(caller, customer)));
    expect(await levels()).toEqual(['FULL', 'FULL', 'FULL', 'FULL', 'FULL']);
    expect(await grade('SALES_SUPERVISOR', customer, 'A')).toBe('CustomerGradeSuccess');
    expect(await levels()).toEqual(['MASKED', 'MASKED', 'MASKED', 'MASKED', 'FULL']);
  });
});

describe('access requests', () => {
  const GRANT = 'accessGrant { id state version validUntil customer { access { level } file { number } } }';

  async function request(caller: Caller, customer: Named, reason = '联合投标') {
    return mutate(server, caller, 'customerAccessRequest', { customerId: customer.nodeId, reason }, GRANT);
  }

  async function decide(
    caller: Caller,
    accessGrantId: string,
    decision: string,
    expectedVersion: number,
    reason = '同意',
  ) {
    const input = { accessGrantId, decision, expectedVersion, reason };
    return mutate(server, caller, 'customerAccessDecide', input, GRANT);
  }

  async function granted(caller: Caller, facts: Partial<CustomerRow> = {}) {
    const customer = await makeCustomer(server, facts);
    const { accessGrant } = await request(caller, customer);
    const { accessGrant: approved } = await decide('HEAD', accessGrant.id, 'APPROVE', 1);
    return { customer, grant: approved };
  }

  test('[CUS-18] [PRM-02] another department asks, HEAD approves, the file is open for 30 days to that person alone', async () => {
    const customer = await makeCustomer(server);
    await makeContact(server, { customerId: customer.id });
    const asked = await request('OTHER_DEPARTMENT', customer);
    expect(asked).toMatchObject({
      __typename: 'CustomerAccessRequestSuccess',
      accessGrant: {
        state: 'REQUESTED',
        version: 1,
        validUntil: null,
        customer: { access: { level: 'MASKED' }, file: null },
      },
    });
    expect(await levelOf('OTHER_DEPARTMENT', customer)).toBe('MASKED');
    const validUntil = later(30 * DAY);
    const answer = await decide('HEAD', asked.accessGrant.id, 'APPROVE', 1);
    expect(answer.accessGrant).toMatchObject({
      state: 'APPROVED',
      version: 2,
      validUntil: validUntil.toISOString(),
    });
    const { data } = await server.gql(
      'OTHER_DEPARTMENT',
      `query ($id: ID!) { node(id: $id) { ... on Customer { name file { phone } billing { taxNumber } contacts { totalCount }
        viewerCan { action allowed } } } }`,
      { id: customer.nodeId },
    );
    expect(data.node).toMatchObject({
      name: '远大贸易有限公司',
      file: { phone: '+862150000000' },
      billing: { taxNumber: null },
      contacts: { totalCount: 1 },
    });
    // To read, not to change.
    expect(data.node.viewerCan).toContainEqual({ action: 'customerUpdate', allowed: false });
    expect(await levelOf('OTHER_DEPARTMENT_2', customer)).toBe('MASKED');

    server.clock.set(new Date(validUntil.getTime() - 1));
    expect(await levelOf('OTHER_DEPARTMENT', customer)).toBe('FULL');
    server.clock.set(validUntil);
    expect(await levelOf('OTHER_DEPARTMENT', customer)).toBe('MASKED');
    await server.sweep();
    const [row] = await server.services.database.query(
      sql`select state, version from access_grant where customer_id = ${customer.id}::uuid`,
    );
    expect(row).toEqual({ state: 'EXPIRED', version: 3 });
  });

  test.each([
    'FINANCE',
    'QUALITY',
    'OPERATIONS',
    'SALES_REP',
    'KA_SPECIALIST',
    'KA_SUPERVISOR',
    'CS_AGENT',
  ] as const)('what was granted to %s opens the file', async (caller) => {
    const { customer } = await granted(caller);
    expect(await levelOf(caller, customer)).toBe('FULL');
  });

  test('a request is revoked at once, and is over for good', async () => {
    const { customer, grant } = await granted('OTHER_DEPARTMENT');
    expect(await levelOf('OTHER_DEPARTMENT', customer)).toBe('FULL');
    expect((await decide('HEAD', grant.id, 'REVOKE', grant.version, '项目结束')).accessGrant.state).toBe(
      'REVOKED',
    );
    expect(await levelOf('OTHER_DEPARTMENT', customer)).toBe('MASKED');
    for (const decision of ['APPROVE', 'REFUSE', 'REVOKE']) {
      expect(await decide('HEAD', grant.id, decision, 3)).toMatchObject({
        __typename: 'IllegalTransition',
        from: 'REVOKED',
        allowed: [],
      });
    }
    server.clock.advance(31 * DAY);
    await server.sweep();
    const [row] = await server.services.database.query(
      sql`select state from access_grant where customer_id = ${customer.id}::uuid`,
    );
    expect(row).toEqual({ state: 'REVOKED' });
  });

  test('a refused one opens nothing, and each decision needs its reason and the version that was read', async () => {
    const customer = await makeCustomer(server);
    const { accessGrant } = await request('OPERATIONS', customer);
    expect(pathsOf(await decide('HEAD', accessGrant.id, 'REFUSE', 1, ' '))).toEqual(['reason']);
    expect(await decide('HEAD', accessGrant.id, 'REFUSE', 2)).toMatchObject({
      __typename: 'StaleVersion',
      current: 1,
    });
    expect((await decide('HEAD', accessGrant.id, 'REVOKE', 1)).__typename).toBe('IllegalTransition');
    expect((await decide('HEAD', accessGrant.id, 'REFUSE', 1)).accessGrant.state).toBe('REFUSED');
    expect(await levelOf('OPERATIONS', customer)).toBe('MASKED');
    expect(pathsOf(await request('OPERATIONS', customer, '\n'))).toEqual(['reason']);
  });

  test('whose right it is to ask: whoever section 23 says, for a file that is closed to them', async () => {
    const customer = await makeCustomer(server);
    const outcomes = await Promise.all(
      (Object.keys(people) as PersonName[]).map(async (name) => [
        people[name].role,
        (await request(name, customer)).__typename,
      ]),
    );
    const READS_ALL = ['SALES_SUPERVISOR', 'CS_SUPERVISOR', 'DATA_ANALYST', 'MARKETING_CLERK'];
    const NO_RIGHT = ['COMPANY_LEADER', 'HEAD', 'DEPUTY', 'HR', 'INTERNAL_AUDITOR', 'ADMIN'];
    for (const [role = '', outcome] of outcomes) {
      const expected = NO_RIGHT.includes(role)
        ? 'Forbidden'
        : READS_ALL.includes(role)
          ? 'InvalidInput'
          : 'CustomerAccessRequestSuccess';
      expect([role, outcome]).toEqual([role, expected]);
    }
  });

  test('[CFL-09] grade A is not opened this way: not asked for, not approved, not kept', async () => {
    const closed = await makeCustomer(server, { grade: 'A' });
    expect(await request('OTHER_DEPARTMENT', closed)).toMatchObject({
      __typename: 'Forbidden',
      required: ['a dedicated assignment'],
    });
    const customer = await makeCustomer(server);
    const { accessGrant } = await request('OTHER_DEPARTMENT', customer);
    await write(sql`update customer set grade = 'A' where id = ${customer.id}::uuid`);
    expect((await decide('HEAD', accessGrant.id, 'APPROVE', 1)).__typename).toBe('Forbidden');
    expect((await decide('HEAD', accessGrant.id, 'REFUSE', 1)).accessGrant.state).toBe('REFUSED');
    const running = await granted('OTHER_DEPARTMENT');
    await write(sql`update customer set grade = 'A' where id = ${running.customer.id}::uuid`);
    expect(await levelOf('OTHER_DEPARTMENT', running.customer)).toBe('MASKED');
  });

  test('where access.allowGrantForA says so, a grant opens a grade A file, and no longer than that', async () => {
    const customer = await makeCustomer(server, { grade: 'A' });
    const id = newId();
    const now = server.clock.now();
    await write(sql`
      insert into setting (id, key, value, valid_from, proposed_by_id, proposed_at, reason, approved_by_id, approved_at)
      values (${id}::uuid, 'access.allowGrantForA', 'true'::jsonb, ${now}::timestamptz,
              ${people.ADMIN.id}::uuid, ${now}::timestamptz, 'test', ${people.HEAD.id}::uuid, ${now}::timestamptz)`);
    const { data } = await server.gql(
      'OTHER_DEPARTMENT',
      'query ($id: ID!) { node(id: $id) { ... on Customer { viewerCan { action allowed } } } }',
      { id: customer.nodeId },
    );
    expect(data.node.viewerCan).toContainEqual({ action: 'customerAccessRequest', allowed: true });
    const { accessGrant } = await request('OTHER_DEPARTMENT', customer);
    expect(await levelOf('OTHER_DEPARTMENT', customer)).toBe('MASKED');
    await decide('HEAD', accessGrant.id, 'APPROVE', 1);
    expect(await levelOf('OTHER_DEPARTMENT', customer)).toBe('FULL');
    expect(await levelOf('CS_AGENT', customer)).toBe('MASKED');
    await write(sql`delete from setting where id = ${id}::uuid`);
    expect(await levelOf('OTHER_DEPARTMENT', customer)).toBe('MASKED');
  });

  test('who decides: HEAD, and the DEPUTY of the area; others cannot tell whether there is a request', async () => {
    const customer = await makeCustomer(server, { areaId: areas.EAST.id });
    const outcomes: Record<string, string> = {};
    for (const name of Object.keys(people) as PersonName[]) {
      const { accessGrant } = await request('OTHER_DEPARTMENT', customer);
      const answer = await decide(name, accessGrant.id, 'REFUSE', 1);
      outcomes[name] = answer.__typename;
      if (answer.__typename === 'NotFound') {
        const none = Buffer.from(`AccessGrant:${newId()}`).toString('base64');
        expect(await decide(name, none, 'REFUSE', 1)).toEqual(answer);
      }
    }
    const expected = Object.fromEntries(Object.keys(people).map((name) => [name, 'NotFound']));
    expect(outcomes).toEqual({
      ...expected,
      HEAD: 'CustomerAccessDecideSuccess',
      DEPUTY: 'CustomerAccessDecideSuccess',
      // They may see it, but not decide it.
      OTHER_DEPARTMENT: 'Forbidden',
      INTERNAL_AUDITOR: 'Forbidden',
    });
  });

  test('nobody decides their own', async () => {
    const person = await makeEmployee(server, { roles: ['OPERATIONS', 'DEPUTY'], areaIds: [areas.EAST.id] });
    const customer = await makeCustomer(server, { areaId: areas.SOUTH.id });
    const { accessGrant } = await request(person.subject, customer);
    await write(sql`update customer set area_id = ${areas.EAST.id}::uuid where id = ${customer.id}::uuid`);
    for (const decision of ['APPROVE', 'REFUSE', 'REVOKE']) {
      expect(await decide(person.subject, accessGrant.id, decision, 1)).toMatchObject({
        __typename: 'Forbidden',
        required: ['another approver'],
      });
    }
    expect((await decide('DEPUTY', accessGrant.id, 'APPROVE', 1)).__typename).toBe(
      'CustomerAccessDecideSuccess',
    );
  });

  test('two decisions at once: one is kept', async () => {
    const customer = await makeCustomer(server);
    const { accessGrant } = await request('OTHER_DEPARTMENT', customer);
    const answers = await Promise.all([
      decide('HEAD', accessGrant.id, 'APPROVE', 1),
      decide('HEAD', accessGrant.id, 'REFUSE', 1),
    ]);
    expect(answers.map(({ __typename }) => __typename).toSorted()).toEqual([
      'CustomerAccessDecideSuccess',
      'StaleVersion',
    ]);
  });

  test('[EVT-37] HEAD, the DEPUTY of the area and the requester hear of it, and nobody else', async () => {
    const DOCUMENT = `subscription { liveEvents(where: { kind: { in: [ACCESS_REQUESTED, ACCESS_GRANTED, ACCESS_DENIED] } }) {
      __typename ... on LiveEvent { kind subject { id ... on Customer { name access { level } } } } ... on Heartbeat { cursor } } }`;
    const customer = await makeCustomer(server, { areaId: areas.EAST.id, name: '远大贸易' });
    const names = [
      'HEAD',
      'DEPUTY',
      'DEPUTY_SOUTH',
      'OTHER_DEPARTMENT',
      'OTHER_DEPARTMENT_2',
      'SALES_SUPERVISOR',
      'COMPANY_LEADER',
      'INTERNAL_AUDITOR',
      'HR',
    ] as const;
    const clients = names.map((name) => wsClient(server, name));
    const feeds = clients.map((client) => client.subscribe(DOCUMENT));
    await Promise.all(feeds.map((feed) => feed.ready()));
    const own = (index: number) =>
      feeds[index]?.events.filter(({ subject }) => subject.id === customer.nodeId) ?? [];
    // Restricted events come in the order of commits, and to everybody of a batch before the next.
    const heard = async (count: number) => {
      for (const place of [0, 1, 3]) await waitUntil(() => own(place).length >= count);
    };
    // Without asking for the file on the way, which would be refused and told of, too.
    const ask = { customerId: customer.nodeId, reason: '联合投标' };
    for (const [caller, decision, before] of [
      ['HEAD', 'REFUSE', 1],
      ['DEPUTY', 'APPROVE', 3],
    ] as const) {
      const { accessGrant } = await mutate(
        server,
        'OTHER_DEPARTMENT',
        'customerAccessRequest',
        ask,
        'accessGrant { id }',
      );
      // A subject is read as it stands at delivery: what was asked is heard before it is decided.
      await heard(before);
      const input = { accessGrantId: accessGrant.id, decision, expectedVersion: 1, reason: '已阅' };
      await mutate(server, caller, 'customerAccessDecide', input);
    }
    const story = ['ACCESS_REQUESTED', 'ACCESS_DENIED', 'ACCESS_REQUESTED', 'ACCESS_GRANTED'];
    await heard(story.length);
    expect(
      Object.fromEntries(names.map((name, index) => [name, own(index).map(({ kind }) => kind)])),
    ).toEqual({
      ...Object.fromEntries(names.map((name) => [name, []])),
      HEAD: story,
      DEPUTY: story,
      OTHER_DEPARTMENT: story,
    });
    expect(own(3).map(({ subject }) => subject.name)).toEqual(['远大***', '远大***', '远大***', '远大贸易']);
    await Promise.all(clients.map((client) => client.dispose()));
  });
});
