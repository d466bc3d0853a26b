import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Subscription, WsClient } from '../support/clients.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import {
  hasRedisServer,
  type OwnProcess,
  type ServerProcess,
  sparePort,
  spawnRedis,
  spawnServer,
} from '../support/processes.ts';
import { waitUntil } from '../support/server.ts';
import { services } from '../support/services.ts';
import { ENVIRONMENT, FEED, health, prepare, requestAccess, socketOf, succeeded } from './client.ts';

const { postgres } = await services();

describe.skipIf(!postgres || !hasRedisServer())(
  'two servers whose Redis comes and goes',
  { timeout: 150_000 },
  () => {
    let fresh: FreshDatabase;
    let port: number;
    let redis: OwnProcess;
    let writer: ServerProcess;
    let listener: ServerProcess;
    let client: WsClient;
    let open: Subscription;
    let customers: string[];
    beforeAll(async () => {
      fresh = await freshDatabase('postgresql');
      const databaseUrl = fresh.databaseUrl ?? '';
      customers = await prepare(databaseUrl, 400);
      port = await sparePort();
      const environment = {
        ...ENVIRONMENT,
        DATABASE_URL: databaseUrl,
        DATA_DIR: fresh.dataDir,
        REDIS_URL: `redis://127.0.0.1:${port}`,
        // Long enough to tell a wake-up from a poll.
        LIVE_POLL_SECONDS: '1',
      };
      [writer, listener] = await Promise.all([spawnServer(environment), spawnServer(environment)]);
      client = socketOf(listener, 'HEAD');
      open = client.subscribe(FEED);
      await open.ready();
    }, 60_000);
    afterAll(async () => {
      await client?.dispose();
      await Promise.all([writer?.kill('SIGKILL'), listener?.kill('SIGKILL'), redis?.kill('SIGKILL')]);
      await fresh?.drop();
    });

    /** Causes an event on one server and says after how many milliseconds the other one has delivered it. */
    async function deliver(): Promise<number> {
      const [id = ''] = customers.splice(0, 1);
      const started = performance.now();
      expect(succeeded(await requestAccess(writer, id))).toBe(true);
      await open.waitFor((item) => item?.subject?.id === id);
      return performance.now() - started;
    }

    async function expectDelivery(delivery: string): Promise<void> {
      const expected = new RegExp(`"delivery":"${delivery}`);
      for (const server of [writer, listener]) {
        await waitUntil(async () => expected.test((await health(server)).text), 15_000);
        // Live events that come a little later are no reason to take a server out of service.
        expect((await health(server)).status).toBe(200);
      }
    }

    function fastest(times: readonly number[]): number {
      return Math.min(...times);
    }

    async function deliverOften(count: number): Promise<number[]> {
      const times: number[] = [];
      for (let index = 0; index < count; index += 1) times.push(await deliver());
      return times;
    }

    it('start without it and deliver by polling', async () => {
      await expectDelivery('polling: Redis does not answer');
      for (const time of await deliverOften(3)) expect(time).toBeLessThan(3_000);
      expect(writer.output).toContain('live delivery goes on by polling');
    });

    it('find it when it comes, and are woken by it', async () => {
      redis = await spawnRedis(port);
      await expectDelivery('redis');
      expect(fastest(await deliverOften(5))).toBeLessThan(300);
    });

    it('go on by polling when it is killed, and find the next one', async () => {
      await redis.kill('SIGKILL');
      for (const time of await deliverOften(2)) expect(time).toBeLessThan(3_000);
      await expectDelivery('polling: Redis does not answer');
      redis = await spawnRedis(port);
      await expectDelivery('redis');
      expect(fastest(await deliverOften(5))).toBeLessThan(300);
    });

    it('go on by polling while it hangs, say so, and keep their memory', async () => {
      await redis.kill('SIGSTOP');
      for (const time of await deliverOften(2)) expect(time).toBeLessThan(3_000);
      await expectDelivery('polling: Redis does not answer');
      const before = residentMegabytes(writer);
      for (let batch = 0; batch < 15; batch += 1) {
        const ids = customers.splice(0, 20);
        const answers = await Promise.all(ids.map((id) => requestAccess(writer, id)));
        expect(answers.every(succeeded)).toBe(true);
      }
      expect(residentMegabytes(writer) - before).toBeLessThan(100);
      await redis.kill('SIGCONT');
      await expectDelivery('redis');
      expect(fastest(await deliverOften(5))).toBeLessThan(300);
    });

    it('have delivered every event once and in order', () => {
      const order = open.events.map((event) => Number(event.cursor.split('.')[1]));
      expect(new Set(order).size).toBe(order.length);
      expect(order).toEqual([...order].sort((a, b) => a - b));
      expect(new Set(open.events.map((event) => event.subject.id)).size).toBe(400 - customers.length);
      expect(open.ended).toBe(false);
    });
  },
);

function residentMegabytes({ pid }: OwnProcess): number {
  const pages = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(pages?.[1] ?? 0) / 1024;
}
