import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
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

/** The way from one process to Redis: it can be cut as a cable is, without a word to either end, or be refused. */
class Network {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #state: 'whole' | 'silent' | 'refused' = 'whole';

  constructor(redisPort: number) {
    this.#server = createServer((near) => {
      if (this.#state === 'refused') {
        near.destroy();
        return;
      }
      const far = connect(redisPort, '127.0.0.1');
      this.#carry(near, far);
      this.#carry(far, near);
    });
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    // What is said while the cable is cut is lost, not kept for later.
    from.on('data', (chunk) => this.#state === 'whole' && to.write(chunk));
    from.on('error', () => {});
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('No port was given.');
    return address.port;
  }

  cut(): void {
    this.#state = 'silent';
  }

  refuse(): void {
    this.#state = 'refused';
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Connections from before are gone: what they were in the middle of saying is lost. */
  heal(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#state = 'whole';
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

describe.skipIf(!postgres || !hasRedisServer())(
  'a process that is cut off from Redis, beside one that is not',
  { timeout: 150_000 },
  () => {
    let fresh: FreshDatabase;
    let redis: OwnProcess;
    let network: Network;
    let writer: ServerProcess;
    let listener: ServerProcess;
    let client: WsClient;
    let open: Subscription;
    let customers: string[];
    const caused: string[] = [];

    beforeAll(async () => {
      fresh = await freshDatabase('postgresql');
      const databaseUrl = fresh.databaseUrl ?? '';
      customers = await prepare(databaseUrl, 60);
      const redisPort = await sparePort();
      redis = await spawnRedis(redisPort);
      network = new Network(redisPort);
      const environment = {
        ...ENVIRONMENT,
        DATABASE_URL: databaseUrl,
        DATA_DIR: fresh.dataDir,
        // Long enough to tell a wake-up from a poll.
        LIVE_POLL_SECONDS: '1',
      };
      [writer, listener] = await Promise.all([
        spawnServer({ ...environment, REDIS_URL: `redis://127.0.0.1:${redisPort}` }),
        spawnServer({ ...environment, REDIS_URL: `redis://127.0.0.1:${await network.listen()}` }),
      ]);
      client = socketOf(listener, 'HEAD');
      open = client.subscribe(FEED);
      await open.ready();
    }, 60_000);
    afterAll(async () => {
      await client?.dispose();
      await Promise.all([writer?.kill('SIGKILL'), listener?.kill('SIGKILL'), redis?.kill('SIGKILL')]);
      network?.close();
      await fresh?.drop();
    });

    /** Causes an event on the one and says after how many milliseconds the other has delivered it. */
    async function deliver(): Promise<number> {
      const [id = ''] = customers.splice(0, 1);
      caused.push(id);
      const started = performance.now();
      expect(succeeded(await requestAccess(writer, id))).toBe(true);
      await open.waitFor((item) => item?.subject?.id === id);
      return performance.now() - started;
    }

    async function expectWoken(): Promise<void> {
      await expectDelivery(listener, 'redis');
      const times: number[] = [];
      for (let index = 0; index < 5; index += 1) times.push(await deliver());
      expect(Math.min(...times)).toBeLessThan(300);
    }

    async function expectPolled(): Promise<void> {
      for (let index = 0; index < 3; index += 1) expect(await deliver()).toBeLessThan(3_000);
      await expectDelivery(listener, 'polling: Redis does not answer');
      await expectDelivery(writer, 'redis');
      expect((await health(listener)).status).toBe(200);
    }

    async function expectDelivery(server: ServerProcess, delivery: string): Promise<void> {
      await waitUntil(async () => (await health(server)).text.includes(`"delivery":"${delivery}`), 15_000);
    }

    it('is woken while the network is whole', expectWoken);

    it('delivers by polling while nothing passes and nobody says so', async () => {
      network.cut();
      await expectPolled();
    });

    it('is woken again once the network is whole', async () => {
      network.heal();
      await expectWoken();
    });

    it('delivers by polling while its connections are refused, and is woken afterwards', async () => {
      network.refuse();
      await expectPolled();
      network.heal();
      await expectWoken();
    });

    it('has delivered every event once and in order', () => {
      expect(open.events.map((event) => event.subject.id)).toEqual(caused);
      expect(open.ended).toBe(false);
    });
  },
);
