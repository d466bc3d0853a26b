import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { localId } from '../../src/graphql/ids.ts';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeEmployee } from '../support/factories.ts';
import { mutate, pathsOf } from '../support/mutate.ts';
import { people } from '../support/people.ts';
import { services } from '../support/services.ts';
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

const SETTINGS = `{ settings {
  key description value default origin source accepts
  changes { id key value validFrom state reason decisionReason decidedAt proposedBy { id } decidedBy { id } viewerCan { action allowed reason } }
} }`;

// biome-ignore lint/suspicious/noExplicitAny: the answer of a document written as a string.
type Entry = any;

async function entry(key: string, caller: Caller = 'ADMIN', of: TestServer = server): Promise<Entry> {
  const { data, errors } = await of.gql(caller, SETTINGS);
  if (errors) throw new Error(JSON.stringify(errors));
  return data.settings.find((one: Entry) => one.key === key);
}

const CHANGE = 'settingChange { id key state value validFrom decisionReason decidedBy { id } }';

function propose(input: object, caller: Caller = 'ADMIN') {
  return mutate(
    server,
    caller,
    'settingPropose',
    { key: 'kpi.settleDays', value: 45, reason: '财务结算更慢', ...input },
    CHANGE,
  );
}

function decide(settingChangeId: string, input: object = {}, caller: Caller = 'HEAD') {
  return mutate(
    server,
    caller,
    'settingDecide',
    { settingChangeId, approve: true, reason: '同意', ...input },
    CHANGE,
  );
}

describe('the register', () => {
  it('shows each entry with value, default, origin, use and what it accepts, to those who may read it', async () => {
    expect(await entry('sla.atRisk')).toMatchObject({
      value: 0.8,
      default: 0.8,
      origin: 'D',
      source: expect.stringContaining('TIC-34'),
      accepts: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
      changes: [],
    });
    expect(await entry('cadence.keyAccount')).toMatchObject({ origin: 'S' });
    for (const person of ['HEAD', 'COMPANY_LEADER', 'INTERNAL_AUDITOR']) {
      expect((await entry('sla.atRisk', person)).value, person).toBe(0.8);
    }
    for (const person of ['CS_AGENT', 'SALES_SUPERVISOR', 'FINANCE', 'HR']) {
      const { errors } = await server.gql(person, SETTINGS);
      expect(errors, person).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
  });

  it('reads all changes of all entries with one statement', async () => {
    expect(await server.statementsDuring(() => server.gql('ADMIN', SETTINGS))).toBe(1);
  });
});

describe('a change of a setting', () => {
  it('is proposed by ADMIN, approved by HEAD, dated, kept, and applies from its day on, not before', async () => {
    const validFrom = '2026-12-01T00:00:00.000Z';
    const { settingChange } = await propose({ key: 'access.grantDays', value: 7, validFrom });
    expect(settingChange).toMatchObject({ key: 'access.grantDays', state: 'PROPOSED', value: 7, validFrom });
    await server.settled();
    expect(await entry('access.grantDays')).toMatchObject({
      value: 30,
      changes: [{ state: 'PROPOSED', proposedBy: { id: people.ADMIN.nodeId }, decidedBy: null }],
    });
    const decided = await decide(settingChange.id);
    expect(decided.settingChange).toMatchObject({
      state: 'APPROVED',
      decisionReason: '同意',
      validFrom,
      decidedBy: { id: people.HEAD.nodeId },
    });
    await server.settled();
    expect((await entry('access.grantDays')).value).toBe(30);
    server.clock.set('2026-11-30T23:59:59.999Z');
    expect((await entry('access.grantDays')).value).toBe(30);
    server.clock.set(validFrom);
    expect(await entry('access.grantDays')).toMatchObject({ value: 7, default: 30 });
    const audit = await server.services.database.query(sql`
      select action, actor_id as "actorId", before, after from audit_log
      where subject_type = 'Setting' and subject_id = ${localId(settingChange.id, 'SettingChange')}::uuid order by at, id`);
    expect(audit).toMatchObject([
      { action: 'setting.PROPOSE', actorId: people.ADMIN.id, before: { value: 30 }, after: { value: 7 } },
      {
        action: 'setting.APPROVE',
        actorId: people.HEAD.id,
        before: { value: 30 },
        after: { value: 7, state: 'APPROVED' },
      },
    ]);
  });

  it('applies from its approval on when that comes after its day, and never to the past', async () => {
    const { settingChange } = await propose({ key: 'ticket.followUpDays', value: 5 });
    server.clock.set('2026-11-25T01:00:00.000Z');
    const { settingChange: decided } = await decide(settingChange.id);
    expect(decided.validFrom).toBe('2026-11-25T01:00:00.000Z');
  });

  it('that is refused changes nothing, and what is decided stays decided', async () => {
    const { settingChange } = await propose({ value: 60 });
    const refused = await decide(settingChange.id, { approve: false, reason: '保持 30 天' });
    expect(refused.settingChange).toMatchObject({ state: 'REFUSED', decisionReason: '保持 30 天' });
    await server.settled();
    expect((await entry('kpi.settleDays')).value).toBe(30);
    expect(await decide(settingChange.id)).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'REFUSED',
      allowed: [],
    });
  });

  it('is decided by HEAD, in writing, and never by the proposer', async () => {
    const both = await makeEmployee(server, {
      roles: ['ADMIN', 'HEAD'],
      departmentId: people.ADMIN.departmentId,
    });
    const { settingChange } = await propose({}, both.subject);
    expect(await decide(settingChange.id, {}, both.subject)).toMatchObject({
      __typename: 'Forbidden',
      message: 'Nobody decides their own proposal.',
    });
    const { changes } = await entry('kpi.settleDays', both.subject);
    expect(changes[0].viewerCan).toEqual([
      { action: 'settingDecide', allowed: false, reason: 'OWN_PROPOSAL' },
    ]);
    expect(await decide(settingChange.id, {}, 'ADMIN')).toMatchObject({
      __typename: 'Forbidden',
      required: ['HEAD'],
    });
    expect(await decide(settingChange.id, {}, 'CS_AGENT')).toMatchObject({ __typename: 'NotFound' });
    expect(pathsOf(await decide(settingChange.id, { reason: ' ' }))).toEqual(['reason']);
    expect(await propose({}, 'HEAD')).toMatchObject({ __typename: 'Forbidden', required: ['ADMIN'] });
    expect(await decide(settingChange.id)).toMatchObject({ __typename: 'SettingDecideSuccess' });
  });

  it('of two decisions at once one is kept', async () => {
    const { settingChange } = await propose({ key: 'ticket.followUpTries', value: 4 });
    const answers = await Promise.all([
      decide(settingChange.id),
      decide(settingChange.id, { approve: false }),
    ]);
    expect(answers.map(({ __typename }) => __typename).sort()).toEqual([
      'IllegalTransition',
      'SettingDecideSuccess',
    ]);
  });

  it('is proposed once with one key', async () => {
    const input = { key: 'ticket.reopenDays', value: 40, idempotencyKey: newId() };
    const { settingChange } = await propose(input);
    expect((await propose(input)).settingChange.id).toBe(settingChange.id);
    expect(await propose({ ...input, value: 41 })).toMatchObject({ __typename: 'IdempotencyConflict' });
  });

  it.each([
    ['a value of another type', { value: '45' }, ['value'], /expected number.*such as the default 30/],
    ['a value out of its range', { value: 400 }, ['value'], /366/],
    ['a part that is missing', { key: 'ticket.repeatCount', value: { count: 3 } }, ['value.days'], /number/],
    [
      'parts that are wrong',
      { key: 'ticket.repeatCount', value: { count: 1, days: 'x' } },
      ['value.count', 'value.days'],
      /2/,
    ],
    ['an unknown choice', { key: 'org.insideTeams', value: ['SALES', 'IT'] }, ['value.1'], /SALES/],
    [
      'an unknown role in the chain',
      { key: 'budget.draftChain', value: { draft: ['HR'] } },
      expect.arrayContaining(['value.draft.0', 'value.submit']),
      /HEAD/,
    ],
    ['an unknown key', { key: 'kpi.everything' }, ['key'], /key of the register/],
    ['the past', { validFrom: '2026-11-23T00:59:59.999Z' }, ['validFrom'], /not in the past/],
    ['no reason', { reason: '  ' }, ['reason'], /why/],
  ])('is refused with the field and what is accepted: %s', async (_case, input, paths, message) => {
    const answer = await propose(input);
    expect(answer.__typename).toBe('InvalidInput');
    expect(pathsOf(answer)).toEqual(paths);
    expect(answer.message).toMatch(message);
  });

  it('says so in Chinese too', async () => {
    const { data } = await server.gql(
      'ADMIN',
      'mutation ($input: SettingProposeInput!) { settingPropose(input: $input) { ... on InvalidInput { issues { message } } } }',
      { input: { key: 'kpi.settleDays', value: '45', reason: '测试' } },
      { headers: { 'accept-language': 'zh-CN' } },
    );
    expect(data.settingPropose.issues[0].message).toMatch(/无效输入.*可参照默认值 30/);
  });
});

describe('running processes', () => {
  it('hear of a change by whatever door it came: the table itself tells them', async () => {
    await server.settled();
    expect((await entry('ticket.seriousAmount')).value).toBe('10000.00');
    await server.services.database.query(sql`
      insert into setting (id, key, value, valid_from, proposed_by_id, proposed_at, reason, approved_by_id, approved_at)
      values (${newId()}::uuid, 'ticket.seriousAmount', '"20000.00"', ${server.clock.now()}::timestamptz, ${people.ADMIN.id}::uuid,
              ${server.clock.now()}::timestamptz, 'by hand', ${people.HEAD.id}::uuid, ${server.clock.now()}::timestamptz)`);
    await server.settled();
    expect((await entry('ticket.seriousAmount')).value).toBe('20000.00');
  });

  it('follow the new value in their rules: who approves a budget', async () => {
    const chain = (await entry('budget.draftChain')).value;
    const { settingChange } = await propose({
      key: 'budget.draftChain',
      value: { ...chain, draft: ['FINANCE'] },
    });
    const draft = { year: 2140, departmentId: '', lines: [] };
    const required = async () =>
      (await mutate(server, 'HR', 'budgetDraft', { ...draft, departmentId: await marketing() })).required;
    expect(await required()).toEqual(['HEAD', 'SALES_SUPERVISOR']);
    await decide(settingChange.id);
    await server.settled();
    expect(await required()).toEqual(['FINANCE']);
  });

  async function marketing(): Promise<string> {
    const { data } = await server.gql('HEAD', '{ viewer { employee { department { id } } } }');
    return data.viewer.employee.department.id;
  }
});

const { postgres } = await services();

describe.skipIf(!postgres)('another process on the same database', () => {
  it('takes the value over without a restart', async () => {
    const shared = await freshDatabase('postgresql');
    const [one, other] = [
      await startTestServer({ database: shared }),
      await startTestServer({ database: shared }),
    ];
    try {
      await other.settled();
      expect((await entry('kpi.settleDays', 'ADMIN', other)).value).toBe(30);
      const proposed = await mutate(
        one,
        'ADMIN',
        'settingPropose',
        { key: 'kpi.settleDays', value: 45, reason: '结算更慢' },
        CHANGE,
      );
      await mutate(one, 'HEAD', 'settingDecide', {
        settingChangeId: proposed.settingChange.id,
        approve: true,
        reason: '同意',
      });
      await other.settled();
      expect((await entry('kpi.settleDays', 'ADMIN', other)).value).toBe(45);
    } finally {
      await other.stop();
      await one.stop();
      await shared.drop();
    }
  });
});
