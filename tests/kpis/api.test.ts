import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { globalId } from '../../src/graphql/ids.ts';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer, makeKeyAccount, makeTickets, type TicketFacts } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { areas, departments, type Named, people, type PersonName, teams } from '../support/people.ts';
import { type Caller, MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});
beforeEach(() => server.clock.set(MONDAY_9));

const KPIS = `query ($keys: [KpiKey!], $period: String!, $dimension: KpiDimensionInput) {
  kpis(keys: $keys, period: { key: $period }, dimension: $dimension) {
    kpi { key title unit direction formula source owner computedBy rule version dimensions isComputed }
    period { key kind start end } dimension { kind id } value numerator denominator status reason asOf isProvisional
    definitionVersion target { value tolerance version setBy { id } setAt } attainment
  }
}`;

interface Dimension {
  readonly kind: string;
  readonly id?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: the answer of a document written as a string.
type Values = any[];

async function ask(
  keys: readonly string[] | null,
  period: string,
  dimension?: Dimension,
  caller: Caller = 'HEAD',
  language = 'en',
): Promise<Values> {
  await server.rollUp();
  const { data, errors } = await server.gql(
    caller,
    KPIS,
    { keys, period, dimension },
    { headers: { 'accept-language': language } },
  );
  if (errors) throw new Error(JSON.stringify(errors));
  return data.kpis;
}

/** `numerator/denominator = value`, or the status where there is no value. */
async function figure(
  key: string,
  period: string,
  dimension?: Dimension,
  caller: Caller = 'HEAD',
): Promise<string> {
  const [row] = await ask([key], period, dimension, caller);
  return row.status === 'OK' ? `${row.numerator}/${row.denominator} = ${row.value}` : row.status;
}

const at = (instant: string) => new Date(`${instant}+08:00`);

/** A complaint of a customer with limit, resolution and result; local times of Shanghai. */
function complaint(customer: Named, opened: string, facts: TicketFacts = {}): TicketFacts {
  return { customerId: customer.id, openedAt: at(opened), ...facts };
}

function ofCustomer(customer: Named): Dimension {
  return { kind: 'CUSTOMER', id: customer.nodeId };
}

describe('figures of complaints', () => {
  it('[KPI-37] count complaints by the period of their final limit, cut at local midnight', async () => {
    const customer = await makeCustomer(server);
    const cases: TicketFacts[] = [
      // Limit in the last moment of October and the first of November.
      complaint(customer, '2026-10-28T10:00', {
        resolutionDueAt: at('2026-10-31T23:59:59.999'),
        resolvedAt: at('2026-10-30T10:00'),
        status: 'RESOLVED',
      }),
      complaint(customer, '2026-10-29T00:00', {
        resolutionDueAt: at('2026-11-01T00:00'),
        resolvedAt: at('2026-11-01T00:00'),
        status: 'CLOSED',
      }),
      complaint(customer, '2026-11-02T09:00', {
        resolutionDueAt: at('2026-11-05T09:00'),
        resolvedAt: at('2026-11-05T09:00:00.001'),
        status: 'RESOLVED',
      }),
      complaint(customer, '2026-11-03T09:00', { resolutionDueAt: at('2026-11-06T09:00') }),
      // Neither a duplicate, nor an inquiry, nor a limit that is still to come.
      complaint(customer, '2026-11-03T09:00', {
        resolutionDueAt: at('2026-11-06T09:00'),
        status: 'CANCELLED',
      }),
      complaint(customer, '2026-11-03T09:00', {
        category: 'INQUIRY',
        resolutionDueAt: at('2026-11-04T09:00'),
      }),
      complaint(customer, '2026-11-22T09:00', {
        resolutionDueAt: at('2026-11-25T09:00'),
        resolvedAt: at('2026-11-22T10:00'),
        status: 'RESOLVED',
      }),
    ];
    await makeTickets(server, cases.length, (index) => cases[index] ?? {});
    expect(await figure('KPI_37', '2026-10', ofCustomer(customer))).toBe('1/1 = 100.00');
    expect(await figure('KPI_37', '2026-11', ofCustomer(customer))).toBe('1/3 = 33.33');
    expect(await figure('KPI_37', '2026-Q4', ofCustomer(customer))).toBe('2/4 = 50.00');
    expect(await figure('KPI_37', '2026-W49', ofCustomer(customer))).toBe('NO_DENOMINATOR');
    server.clock.set(at('2026-11-25T09:00:00.001'));
    expect(await figure('KPI_37', '2026-11', ofCustomer(customer))).toBe('2/4 = 50.00');
  });

  it('[KPI-36] count as solved what is closed satisfied, or agreed where the company was not responsible', async () => {
    const customer = await makeCustomer(server);
    const closed = { status: 'CLOSED', closedAt: at('2026-11-10T09:00') } as const;
    const cases: TicketFacts[] = [
      { ...closed, satisfaction: 'SATISFIED' },
      { ...closed, satisfaction: 'UNREACHABLE', liability: 'NOT_COMPANY', customerAgreed: true },
      { ...closed, satisfaction: 'UNREACHABLE' },
      { ...closed, satisfaction: 'UNREACHABLE', liability: 'COMPANY', customerAgreed: true },
      { ...closed, satisfaction: 'NOT_SATISFIED', liability: 'NOT_COMPANY', customerAgreed: true },
      { status: 'FOLLOW_UP', satisfaction: 'SATISFIED' },
      { status: 'CANCELLED' },
    ];
    await makeTickets(server, cases.length, (index) => complaint(customer, '2026-11-05T09:00', cases[index]));
    expect(await figure('KPI_36', '2026-11', ofCustomer(customer))).toBe('2/6 = 33.33');
    expect(await figure('COMPLAINTS_RECEIVED', '2026-11', ofCustomer(customer))).toBe('6/null = 6');
    expect(await figure('COMPLAINTS_RECEIVED', '2026-10', ofCustomer(customer))).toBe('0/null = 0');
  });

  it('[KPI-32] count the return calls that were answered', async () => {
    const customer = await makeCustomer(server);
    const [ticket] = await makeTickets(server, 1, complaint(customer, '2026-11-02T09:00'));
    const results = ['UNREACHABLE', 'NOT_SATISFIED', 'SATISFIED', 'SATISFIED'] as const;
    await server.services.database.transaction(async ({ prisma }) => {
      await prisma.followUp.createMany({
        data: results.map((result, index) => ({
          ticketId: ticket?.id ?? '',
          cycle: 0,
          attempt: index + 1,
          at: at(`2026-11-0${index + 5}T09:00`),
          actorId: people.CS_AGENT.id,
          result,
        })),
      });
    });
    expect(await figure('KPI_32', '2026-11', ofCustomer(customer))).toBe('2/3 = 66.67');
    expect(await figure('KPI_32', '2026-11-05', ofCustomer(customer))).toBe('NO_DENOMINATOR');
  });
});

describe('figures of questions', () => {
  it('[KPI-34] count the inquiries received that were first answered in their limit', async () => {
    const customer = await makeCustomer(server);
    const limit = at('2026-11-10T11:00');
    const cases: TicketFacts[] = [
      { firstRespondedAt: limit },
      { firstRespondedAt: at('2026-11-10T11:00:00.001') },
      { resolvedAt: at('2026-11-10T10:00'), status: 'ANSWERED' },
      {},
      { category: 'SHIPMENT_QUERY', firstRespondedAt: limit },
      { status: 'CANCELLED', firstRespondedAt: limit },
    ];
    await makeTickets(server, cases.length, (index) => ({
      category: 'INQUIRY',
      firstResponseDueAt: limit,
      ...complaint(customer, '2026-11-10T09:00', cases[index]),
    }));
    expect(await figure('KPI_34', '2026-11', ofCustomer(customer))).toBe('2/4 = 50.00');
  });

  it('[KPI-73] take the mean of the minutes to the first answer of a shipment query', async () => {
    const customer = await makeCustomer(server);
    const answers = ['2026-11-10T09:30', '2026-11-10T10:15', null];
    await makeTickets(server, answers.length, (index) => {
      const answer = answers[index];
      return {
        category: 'SHIPMENT_QUERY',
        ...complaint(customer, '2026-11-10T09:00', { firstRespondedAt: answer ? at(answer) : null }),
      };
    });
    expect(await figure('KPI_73', '2026-11', ofCustomer(customer))).toBe('105.00/2 = 52.50');
  });
});

describe('a ticket that was reopened', () => {
  const step = (name: string, input: object, caller: Caller = 'HEAD') =>
    mutate(server, caller, name, input).then((answer) => {
      expect(answer.__typename, JSON.stringify(answer)).toMatch(/Success$/);
      return answer;
    });

  async function open(customer: Named, category: string): Promise<string> {
    const answer = await mutate(
      server,
      'HEAD',
      'ticketOpen',
      {
        category,
        subject: '货物破损',
        content: '外箱破损，内件受潮。',
        channel: 'PHONE',
        customerId: customer.nodeId,
        callerName: '李雷',
        callerPhone: '+8613900000000',
        points: category === 'COMPLAINT' ? ['外箱破损'] : null,
        topic: category === 'INQUIRY' ? 'PRICE' : null,
      },
      'ticket { id }',
    );
    expect(answer.ticket, JSON.stringify(answer)).toBeTruthy();
    return answer.ticket.id;
  }

  async function resolve(ticketId: string): Promise<void> {
    const responsible = {
      liability: 'COMPANY',
      responsibleDepartmentId: departments.OPERATIONS.nodeId,
      rootCause: 'DAMAGE',
    };
    await step('ticketSetResponsibility', { ticketId, ...responsible });
    await step('ticketProposePlan', { ticketId, plan: '赔付并改进包装' });
    await step('ticketImplement', { ticketId });
    await step('ticketResolve', {
      ticketId,
      resolution: '已赔付',
      writtenNoticeSentAt: server.clock.now().toISOString(),
    });
  }

  async function close(ticketId: string): Promise<void> {
    await step('ticketFollowUp', { ticketId, result: 'SATISFIED' });
    await step('ticketClose', {
      ticketId,
      respectContactById: people.HEAD.nodeId,
      respectContactAt: server.clock.now().toISOString(),
      lesson: '加强装车检查',
    });
  }

  it('[KPI-38] [TIC-33] a complaint is judged for timeliness and effectiveness and keeps its first result: timely then, but not effective when reopened within 30 days', async () => {
    const customer = await makeCustomer(server);
    const ticketId = await open(customer, 'COMPLAINT');
    await step('ticketAcknowledge', { ticketId, promise: '24 小时内给出方案' });
    await step('ticketInvestigate', { ticketId });
    server.clock.set(at('2026-11-24T10:00'));
    await resolve(ticketId);
    expect(await figure('KPI_38', '2026-11', ofCustomer(customer))).toBe('0/1 = 0.00');
    server.clock.set(at('2026-11-27T10:00'));
    await close(ticketId);
    expect(await figure('KPI_38', '2026-11', ofCustomer(customer))).toBe('1/1 = 100.00');
    expect(await figure('KPI_36', '2026-11', ofCustomer(customer))).toBe('1/1 = 100.00');
    server.clock.set(at('2026-11-28T10:00'));
    await step('ticketReopen', { ticketId, reason: '赔付未到账' });
    expect(await figure('KPI_36', '2026-11', ofCustomer(customer))).toBe('0/1 = 0.00');
    // Long after the limit of the second cycle.
    server.clock.set(at('2026-12-10T10:00'));
    await resolve(ticketId);
    await close(ticketId);
    const [november, december] = ['2026-11', '2026-12'];
    expect(await figure('KPI_36', november, ofCustomer(customer))).toBe('1/1 = 100.00');
    expect(await figure('KPI_37', november, ofCustomer(customer))).toBe('1/1 = 100.00');
    expect(await figure('KPI_37', december, ofCustomer(customer))).toBe('NO_DENOMINATOR');
    expect(await figure('KPI_38', november, ofCustomer(customer))).toBe('0/1 = 0.00');
    expect(await figure('KPI_38', december, ofCustomer(customer))).toBe('NO_DENOMINATOR');
  });

  it('stays effective when it was reopened later than that', async () => {
    const customer = await makeCustomer(server);
    const ticketId = await open(customer, 'COMPLAINT');
    await step('ticketAcknowledge', { ticketId, promise: '24 小时内给出方案' });
    await step('ticketInvestigate', { ticketId });
    await resolve(ticketId);
    server.clock.set(at('2026-12-15T10:00'));
    await close(ticketId);
    server.clock.set(at('2026-12-23T09:00:00.001'));
    await step('ticketReopen', { ticketId, reason: '同一问题再次出现' });
    expect(await figure('KPI_38', '2026-11', ofCustomer(customer))).toBe('1/1 = 100.00');
  });

  it('counts an inquiry by its first answer', async () => {
    const customer = await makeCustomer(server);
    const ticketId = await open(customer, 'INQUIRY');
    server.clock.advance(3_600_000);
    await step('ticketReply', { ticketId, body: '每公斤 3 元' });
    await step('ticketResolve', { ticketId, resolution: '已报价' });
    await step('ticketClose', { ticketId });
    server.clock.advance(24 * 3_600_000);
    await step('ticketReopen', { ticketId, reason: '报价有误' });
    server.clock.advance(5 * 24 * 3_600_000);
    expect(await figure('KPI_34', '2026-11', ofCustomer(customer))).toBe('1/1 = 100.00');
  });
});

describe('dimensions', () => {
  it('cut figures by handling team and its department, handler, customer and area', async () => {
    const [one, other] = [await makeCustomer(server), await makeCustomer(server)];
    const cases: TicketFacts[] = [
      {
        customerId: one.id,
        teamId: teams.CUSTOMER_SERVICE.id,
        assigneeId: people.CS_AGENT.id,
        areaId: areas.EAST.id,
      },
      {
        customerId: one.id,
        teamId: teams.KEY_ACCOUNT.id,
        assigneeId: people.KA_SPECIALIST.id,
        areaId: areas.EAST.id,
      },
      { customerId: other.id, teamId: teams.CUSTOMER_SERVICE.id, areaId: areas.SOUTH.id },
      {},
    ];
    // A year in which no other test has tickets, so that the company can be counted too.
    await makeTickets(server, cases.length, (index) => ({
      openedAt: at('2021-03-02T09:00'),
      ...cases[index],
    }));
    const count = (dimension?: Dimension) => figure('COMPLAINTS_RECEIVED', '2021-03', dimension);
    expect(await count()).toBe('4/null = 4');
    expect(await count({ kind: 'COMPANY' })).toBe('4/null = 4');
    expect(await count({ kind: 'DEPARTMENT', id: departments.MARKETING.nodeId })).toBe('3/null = 3');
    expect(await count({ kind: 'DEPARTMENT', id: departments.QUALITY.nodeId })).toBe('0/null = 0');
    expect(await count({ kind: 'TEAM', id: teams.CUSTOMER_SERVICE.nodeId })).toBe('2/null = 2');
    expect(await count({ kind: 'EMPLOYEE', id: people.CS_AGENT.nodeId })).toBe('1/null = 1');
    expect(await count({ kind: 'CUSTOMER', id: one.nodeId })).toBe('2/null = 2');
    expect(await count({ kind: 'AREA', id: areas.SOUTH.nodeId })).toBe('1/null = 1');
  });

  it('name the field of a wrong period or id', async () => {
    async function refused(variables: object, language = 'en') {
      const { errors } = await server.gql(
        'HEAD',
        KPIS,
        { period: '2026-11', ...variables },
        {
          headers: { 'accept-language': language },
        },
      );
      return errors?.map(({ message, extensions }) => ({
        message,
        code: extensions.code,
        argument: extensions.argument,
      }));
    }
    expect(await refused({ period: '11/2026' })).toEqual([
      {
        code: 'BAD_USER_INPUT',
        argument: 'period.key',
        message: expect.stringContaining('a month 2026-11, a quarter 2026-Q4 and a year 2026'),
      },
    ]);
    expect((await refused({ period: '2026-13' }, 'zh-CN'))?.[0]?.message).toContain('不是');
    for (const dimension of [
      { kind: 'TEAM' },
      { kind: 'TEAM', id: 'CS' },
      { kind: 'TEAM', id: people.HEAD.nodeId },
      { kind: 'COMPANY', id: people.HEAD.nodeId },
    ]) {
      expect(await refused({ dimension })).toMatchObject([
        { code: 'BAD_USER_INPUT', argument: 'dimension.id' },
      ]);
    }
  });
});

describe('rights', () => {
  it('answer value by value: what is refused hides nothing else', async () => {
    const [refused, open] = await ask(['KPI_01', 'KPI_37'], '2026-11', undefined, 'CS_SUPERVISOR');
    expect(refused).toMatchObject({ status: 'FORBIDDEN', value: null, target: null });
    expect(refused.reason).toMatch(/not open to your roles/);
    expect(open.status).not.toBe('FORBIDDEN');
  });

  it('follow section 23 for people, areas and key accounts', async () => {
    const east = await makeCustomer(server, { areaId: areas.EAST.id });
    const key = await makeCustomer(server);
    await makeKeyAccount(server, { customerId: key.id });
    const asked: [PersonName, Dimension | undefined, boolean][] = [
      ['OPERATIONS', undefined, true],
      ['ADMIN', undefined, false],
      ['CS_AGENT', undefined, false],
      ['CS_AGENT', { kind: 'EMPLOYEE', id: people.CS_AGENT.nodeId }, true],
      ['CS_AGENT', { kind: 'EMPLOYEE', id: people.CS_AGENT_2.nodeId }, false],
      ['CS_SUPERVISOR', { kind: 'TEAM', id: teams.CUSTOMER_SERVICE.nodeId }, false],
      ['DEPUTY', ofCustomer(east), true],
      ['DEPUTY_SOUTH', ofCustomer(east), false],
      ['DEPUTY', { kind: 'AREA', id: areas.EAST.nodeId }, true],
      ['DEPUTY', { kind: 'TEAM', id: teams.SALES.nodeId }, true],
      ['KA_SUPERVISOR', ofCustomer(key), true],
      ['KA_SUPERVISOR', ofCustomer(east), false],
      ['DATA_ANALYST', ofCustomer(key), true],
    ];
    for (const [person, dimension, allowed] of asked) {
      const status = await figure('COMPLAINTS_RECEIVED', '2026-11', dimension, person);
      expect(status === 'FORBIDDEN', `${person} ${JSON.stringify(dimension)}: ${status}`).toBe(!allowed);
    }
  });

  it('tell nobody whether something exists that they may not see', async () => {
    const nobody = { kind: 'CUSTOMER', id: globalId('Customer', newId()) };
    expect(await figure('KPI_37', '2026-11', nobody, 'HEAD')).toBe('FORBIDDEN');
    expect(await figure('KPI_37', '2026-11', nobody, 'HR')).toBe('FORBIDDEN');
    expect(await figure('KPI_37', '2026-11', ofCustomer(await makeCustomer(server)), 'HR')).toBe('FORBIDDEN');
  });
});

describe('a value', () => {
  it('says by which definition, as of when, and whether it may still change', async () => {
    const [row] = await ask(['KPI_37'], '2026-11', undefined, 'HEAD', 'zh-CN');
    expect(row).toMatchObject({
      kpi: {
        title: '投诉处理及时率',
        unit: 'PERCENT',
        direction: 'HIGHER_IS_BETTER',
        owner: 'CS_SUPERVISOR',
        rule: 'KPI-37',
      },
      period: {
        key: '2026-11',
        kind: 'MONTH',
        start: '2026-10-31T16:00:00.000Z',
        end: '2026-11-30T16:00:00.000Z',
      },
      dimension: { kind: 'COMPANY', id: null },
      asOf: MONDAY_9,
      isProvisional: true,
      definitionVersion: 1,
    });
    const provisional = async () =>
      (await ask(['KPI_37', 'KPI_36'], '2026-10')).map(({ isProvisional }) => isProvisional);
    expect(await provisional()).toEqual([false, true]);
    server.clock.set(at('2026-12-01T00:00'));
    expect(await provisional()).toEqual([false, false]);
  });

  it('of a metric that is only registered is null and says why, in both languages', async () => {
    const [profit, causes, share] = await ask(['KPI_02', 'KPI_40', 'KPI_25'], '2026-11');
    expect(profit).toMatchObject({
      status: 'NO_DATA',
      value: null,
      reason: 'Not computed: needs Cost, Expense.',
    });
    expect(causes).toMatchObject({ value: null });
    expect(share).toMatchObject({ status: 'NO_DATA' });
    const [inChinese] = await ask(
      ['KPI_25'],
      '2026-11',
      { kind: 'TEAM', id: teams.SALES.nodeId },
      'HEAD',
      'zh-CN',
    );
    expect(inChinese).toMatchObject({ status: 'DIMENSION_NOT_OFFERED', reason: '可用维度：COMPANY。' });
  });

  it('comes with all the others when no key is given, and twice when asked twice', async () => {
    expect(await ask(null, '2026-11')).toHaveLength(90);
    expect((await ask(['KPI_37', 'KPI_37'], '2026')).map(({ kpi }) => kpi.key)).toEqual(['KPI_37', 'KPI_37']);
    expect(await ask([], '2026-11')).toEqual([]);
  });

  it('costs as many statements with all metrics, several periods and dimensions as with one', async () => {
    const many = `{
      ${['2026-09', '2026-10', '2026-11', '2026-Q4', '2026']
        .map((period, index) => `p${index}: kpis(period: { key: "${period}" }) { value target { value } }`)
        .join('\n')}
      team: kpis(period: { key: "2026" }, dimension: { kind: TEAM, id: "${teams.SALES.nodeId}" }) { value target { value } }
    }`;
    const one = 'query { kpis(keys: [KPI_37], period: { key: "2026-11" }) { value target { value } } }';
    expect(await server.statementsDuring(() => server.gql('HEAD', one))).toBe(2);
    // The counts by day, what is read of whole periods, what was kept of ended ones, and the targets.
    expect(await server.statementsDuring(() => server.gql('HEAD', many))).toBe(4);
  });
});

describe('a target', () => {
  const set = (caller: Caller, input: object) =>
    mutate(
      server,
      caller,
      'kpiTargetSet',
      { key: 'KPI_37', period: { key: '2026-11' }, value: '95', ...input },
      'kpiValue { kpi { key } period { key } dimension { kind id } target { value tolerance version setBy { id } } }',
    );

  it('[KPM-02] stands beside the value, with the tolerance on the bad side, and says whether it is reached', async () => {
    const customer = await makeCustomer(server);
    const dimension = ofCustomer(customer);
    const results = [at('2026-11-05T08:00'), at('2026-11-05T09:00'), at('2026-11-05T10:00')];
    await makeTickets(server, 3, (index) =>
      complaint(customer, '2026-11-02T09:00', {
        resolutionDueAt: at('2026-11-05T09:00'),
        resolvedAt: results[index] ?? null,
        status: 'RESOLVED',
      }),
    );
    const attainment = async () => (await ask(['KPI_37'], '2026-11', dimension))[0].attainment;
    expect(await attainment()).toBeNull();
    const first = await set('SALES_SUPERVISOR', { dimension, value: '66.67' });
    expect(first.kpiValue).toMatchObject({
      kpi: { key: 'KPI_37' },
      period: { key: '2026-11' },
      dimension: { kind: 'CUSTOMER', id: customer.nodeId },
      target: {
        value: '66.67',
        tolerance: '3.3335',
        version: 1,
        setBy: { id: people.SALES_SUPERVISOR.nodeId },
      },
    });
    expect(await attainment()).toBe('REACHED');
    await set('HEAD', { dimension, value: '70', tolerance: '3.33', expectedVersion: 1 });
    expect(await attainment()).toBe('TOLERATED');
    await set('HEAD', { dimension, value: '70', tolerance: '3.32', expectedVersion: 2 });
    expect(await attainment()).toBe('MISSED');
    const audit = await server.services.database.query<{ before: object | null; after: object }>(sql`
      select before, after from audit_log where subject_type = 'KpiTarget' order by at, id`);
    expect(audit).toMatchObject([
      { before: null, after: { value: '66.67', tolerance: '3.333500' } },
      { before: { value: '66.67', tolerance: '3.3335' }, after: { value: '70', tolerance: '3.33' } },
      { before: { value: '70' }, after: { tolerance: '3.32' } },
    ]);
  });

  it('is set by HEAD and SALES_SUPERVISOR only', async () => {
    expect(await set('DATA_ANALYST', {})).toMatchObject({
      __typename: 'Forbidden',
      required: ['HEAD', 'SALES_SUPERVISOR'],
    });
    expect(await set('COMPANY_LEADER', {})).toMatchObject({ __typename: 'Forbidden' });
  });

  it('is changed in the version that was read; of two first ones at once one is kept', async () => {
    const period = { key: '2026-Q1' };
    const answers = await Promise.all([
      set('HEAD', { period }),
      set('SALES_SUPERVISOR', { period, value: '90' }),
    ]);
    expect(answers.map(({ __typename }) => __typename).sort()).toEqual([
      'KpiTargetSetSuccess',
      'StaleVersion',
    ]);
    expect(answers).toContainEqual(expect.objectContaining({ __typename: 'StaleVersion', current: 1 }));
    expect(await set('HEAD', { period, expectedVersion: 7 })).toMatchObject({
      __typename: 'StaleVersion',
      current: 1,
    });
    expect(pathsOf(await set('HEAD', { period: { key: '2026-Q2' }, expectedVersion: 1 }))).toEqual([
      'expectedVersion',
    ]);
  });

  it('names every field that is wrong', async () => {
    const stranger = { kind: 'EMPLOYEE', id: globalId('Employee', newId()) };
    expect(pathsOf(await set('HEAD', { dimension: stranger, value: '101', tolerance: '-1' }))).toEqual([
      'dimension.id',
      'tolerance',
      'value',
    ]);
    expect(
      pathsOf(await set('HEAD', { key: 'KPI_25', dimension: { kind: 'TEAM', id: teams.SALES.nodeId } })),
    ).toEqual(['dimension.kind']);
    expect(pathsOf(await set('HEAD', { period: { key: 'November' } }))).toEqual(['period.key']);
    expect(pathsOf(await set('HEAD', { dimension: { kind: 'TEAM', id: 'x' } }))).toEqual(['dimension.id']);
  });
});

it('[KPM-03] definitions are open to everybody, in both languages', async () => {
  const document = '{ kpiDefinitions { key title formula source owner version isComputed dimensions } }';
  const { data } = await server.gql(
    'OTHER_DEPARTMENT',
    document,
    {},
    { headers: { 'accept-language': 'zh-CN' } },
  );
  expect(data.kpiDefinitions).toHaveLength(90);
  expect(data.kpiDefinitions.find(({ key }: { key: string }) => key === 'KPI_16')).toMatchObject({
    title: '回款率',
    formula: expect.stringContaining('÷ receivables due in period'),
    isComputed: false,
    owner: 'AM, SALES_SUPERVISOR, HEAD',
  });
});
