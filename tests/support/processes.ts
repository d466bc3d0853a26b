import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from './server.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A process of the test's own, ended by its id. */
export interface OwnProcess {
  readonly pid: number;
  /** Everything it has written so far. */
  readonly output: string;
  /** Null while it runs. */
  readonly exitCode: number | null;
  /** Sends the signal and, unless it is one that only pauses, waits for the end. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** A port that was free a moment ago. */
export async function sparePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return address.port;
}

export function own(child: ChildProcess): OwnProcess {
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'exit');
  return {
    get pid() {
      return child.pid ?? 0;
    },
    get output() {
      return output;
    },
    get exitCode() {
      return child.exitCode;
    },
    async kill(signal) {
      child.kill(signal);
      if (
        signal !== 'SIGSTOP' &&
        signal !== 'SIGCONT' &&
        child.exitCode === null &&
        child.signalCode === null
      )
        await ended;
    },
  };
}

export interface ServerProcess extends OwnProcess {
  readonly url: string;
}

/** The server alone, which signals reach directly. */
const MAIN = [process.execPath, 'src/main.ts'] as const;
/** As a newcomer starts it. */
export const NPM_START = ['npm', 'start'] as const;

/** A server with this environment only; it may not be ready yet. */
export async function startServer(
  environment: Readonly<Record<string, string>>,
  [program, ...args]: readonly [string, ...string[]] = MAIN,
): Promise<ServerProcess> {
  const port = environment.PORT ?? String(await sparePort());
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', ...environment, PORT: port },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return Object.assign(Object.create(own(child)) as OwnProcess, { url: `http://127.0.0.1:${port}` });
}

/** The same, once it is ready. */
export async function spawnServer(
  environment: Readonly<Record<string, string>>,
  command?: readonly [string, ...string[]],
): Promise<ServerProcess> {
  const server = await startServer(environment, command);
  await waitUntil(async () => {
    if (server.exitCode !== null)
      throw new Error(`The server ended with ${server.exitCode}: ${server.output}`);
    return (await fetch(`${server.url}/health/ready`).catch(() => null))?.ok;
  }, 30_000);
  return server;
}

/** Whether a Redis of one's own can be started here. */
export function hasRedisServer(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A Redis that keeps nothing, on a port of its own. */
export async function spawnRedis(port: number): Promise<OwnProcess> {
  const child = spawn(
    'redis-server',
    [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      mkdtempSync(join(tmpdir(), 'redis-')),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const redis = own(child);
  await waitUntil(() => redis.output.includes('Ready to accept connections'));
  return redis;
}
