import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgres } from '../../src/platform/database.ts';
import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { people } from '../support/people.ts';
import { type ServerProcess, spawnServer } from '../support/processes.ts';
import { waitUntil } from '../support/server.ts';
import { services } from '../support/services.ts';
import { makeEndpoint, openReceiver, type Receiver } from '../webhooks/receiver.ts';
import { ENVIRONMENT, gql, prepare, requestAccess, succeeded } from './client.ts';

const { postgres } = await services();

const EVENTS = 120;

describe.skipIf(!postgres)('webhooks of several processes that are killed', { timeout: 150_000 }, () => {
  let fresh: FreshDatabase;
  let customers: string[];
  let receiver: Receiver;
  const started: ServerProcess[] = [];

  beforeAll(async () => {
    fresh = await freshDatabase('postgresql');
    customers = await prepare(fresh.databaseUrl ?? '', EVENTS);
    receiver = await openReceiver();
    const database = openPostgres(fresh.databaseUrl ?? '', 1, () => {});
    const values = { allowHttp: true, allowedNetworks: ['127.0.0.0/8'], timeoutSeconds: 1 };
    for (const [name, value] of Object.entries(values)) {
      await database.query(sql`
        insert into setting (id, key, value, valid_from, proposed_by_id, proposed_at, reason, approved_by_id, approved_at)
        values (${newId()}::uuid, ${`webhooks.${name}`}, ${JSON.stringify(value)}::jsonb, '2020-01-01Z',
                ${people.ADMIN.id}::uuid, '2020-01-01Z', 'of a test', ${people.HEAD.id}::uuid, '2020-01-01Z')`);
    }
    await database.close();
  }, 60_000);
  afterAll(async () => {
    await Promise.all(started.map((server) => server.kill('SIGKILL')));
    await receiver?.close();
    await fresh?.drop();
  });

  async function start(): Promise<ServerProcess> {
    const server = await spawnServer({
      ...ENVIRONMENT,
      SWEEP_SECONDS: '0.2',
      DATABASE_URL: fresh.databaseUrl ?? '',
      DATA_DIR: fresh.dataDir,
    });
    started.push(server);
    return server;
  }

  it('lose nothing, keep the order, and never serve an endpoint at the same time', async () => {
    const [first, second] = [await start(), await start()];
    const asked: Parameters<typeof makeEndpoint>[0] = {
      gql: (caller, document, variables = {}) => gql(second, String(caller), String(document), variables),
    };
    await makeEndpoint(asked, receiver.url, { kinds: ['ACCESS_REQUESTED'] });
    const ids = () => new Set(receiver.got.map(({ headers }) => headers['webhook-id']));
    // Slow enough that a process dies amidst a delivery.
    receiver.answer = () => new Promise((resolve) => setTimeout(() => resolve(204), 20));

    let caused = 0;
    const causing = (async () => {
      for (const customer of customers) {
        // The second lives until all is caused.
        if (succeeded(await requestAccess(second, customer))) caused += 1;
      }
    })();
    await waitUntil(() => ids().size >= 10, 30_000);
    await first.kill('SIGKILL');
    await causing;
    await second.kill('SIGKILL');
    expect(caused).toBe(EVENTS);
    await start();
    await waitUntil(() => ids().size >= EVENTS, 60_000);

    expect(ids().size).toBe(EVENTS);
    expect(receiver.most).toBe(1);
    const inOrder = [...ids()].map((id) => Number(String(id).split('_').at(-1)));
    expect(inOrder).toEqual([...inOrder].sort((a, b) => a - b));
    // Once more than once is what a death costs at most, each.
    expect(receiver.got.length).toBeLessThanOrEqual(EVENTS + 2);
  });
});
