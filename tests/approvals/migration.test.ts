import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { MIGRATIONS } from '../../src/server.ts';
import { ManualClock } from '../support/clock.ts';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { mutate } from '../support/mutate.ts';
import { people } from '../support/people.ts';
import { MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';
import { approvalsKit, HOUR } from './kit.ts';

let database: FreshDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database, clock: new ManualClock(MONDAY_9) });
}, 60_000);
afterAll(async () => {
  await server.stop();
  await database.drop();
});

test('what waited before there were approvals has one afterwards, as if it had been asked for', async () => {
  const kit = approvalsKit(server);
  const [plan, own, grant, decided] = [
    await kit.plan(),
    await kit.plan({ proposer: 'HEAD' }),
    await kit.access(),
    await kit.access(),
  ];
  await kit.decide('HEAD', decided.approval);
  const query = (statement: ReturnType<typeof sql>) => server.services.database.query(statement);
  const made = await query(sql`
    select subject_id, fingerprint, requester_id from approval where state = 'PENDING' order by subject_id`);
  // The state before: no approvals.
  await query(sql`delete from obligation where kind = 'APPROVAL_STEP'`);
  await server.services.database.withConnection(async (connection) => {
    await connection.exec('truncate approval_history, approval_step, approval');
    await connection.exec(
      readFileSync(join(MIGRATIONS, '20261123160900_approvals_of_what_waits/migration.sql'), 'utf8'),
    );
  });
  expect(
    await query(sql`select subject_id, fingerprint, requester_id from approval order by subject_id`),
  ).toEqual(made);

  const now = server.clock.now().getTime();
  const waiting = await kit.approvalOf(plan.id);
  expect(waiting).toMatchObject({
    state: 'PENDING',
    requester: { number: expect.any(String) },
    dueAt: new Date(now + 4 * HOUR).toISOString(),
    steps: [{ approvers: [{ role: 'HEAD', scope: 'ALL' }] }],
    history: [{ event: 'REQUESTED', actor: { id: people.CS_SUPERVISOR.nodeId } }],
  });
  expect((await kit.approvalOf(own.id)).steps[0].approvers).toEqual([
    { role: 'COMPANY_LEADER', scope: 'ALL' },
  ]);
  server.clock.advance(4 * HOUR);
  await server.sweep();
  const kinds = await query(sql`
    select distinct kind from event e join approval a on a.id = e.subject_id
    where a.chain = 'COMPLAINT_PLAN' and kind like 'APPROVAL%'`);
  expect(kinds).toEqual([{ kind: 'APPROVAL_STEP_OVERDUE' }]);
  expect((await kit.decide('HEAD', waiting)).approval.state).toBe('APPROVED');
  const input = { accessGrantId: grant.id, decision: 'APPROVE', reason: '同意', expectedVersion: 1 };
  expect((await mutate(server, 'DEPUTY', 'customerAccessDecide', input)).__typename).toBe(
    'CustomerAccessDecideSuccess',
  );
  expect(await kit.approvalOf(decided.id)).toBeNull();
});
