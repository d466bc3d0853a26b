import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What is measured: a server program in a process of its own. */
export interface Contender {
  readonly name: string;
  /** Arguments of Node, the program first. */
  readonly program: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where requests go, below the server's address. */
  readonly path: string;
  readonly body: unknown;
}

export interface RunningServer {
  readonly contender: Contender;
  readonly url: string;
  readonly pid: number;
  /** Stops the clock of a server that is not being measured: it takes no part of the processor. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
/** Of /proc, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  if (address === null || typeof address === 'string') throw new Error('No port is free.');
  return address.port;
}

export async function startServer(contender: Contender): Promise<RunningServer> {
  const port = await freePort();
  const child = spawn(process.execPath, contender.program, {
    cwd: contender.cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...contender.env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await listening(child, contender.name, port);
  return {
    contender,
    url: `http://127.0.0.1:${port}${contender.path}`,
    pid: child.pid ?? 0,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function listening(child: ChildProcess, name: string, port: number): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode} before it listened.`);
    const answered = await fetch(`http://127.0.0.1:${port}/health/ready`).then(
      // The peers have no such path: any answer but 503 shows that they listen.
      (response) => response.status !== 503,
      () => false,
    );
    if (answered) return;
    await sleep(100);
  }
  child.kill('SIGKILL');
  throw new Error(`${name} did not listen within ${READY_WITHIN_MS / 1000} s.`);
}

/** Processor seconds that each process of this machine has used; null where the system does not tell. */
export function processorSeconds(pids: readonly number[], program?: string): Map<number, number> | null {
  const seconds = new Map<number, number>();
  for (const pid of pids) {
    const stat = processStat(pid);
    if (stat === null || (program && !stat.includes(`(${program})`))) return null;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    seconds.set(pid, (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND);
  }
  return seconds;
}

function processStat(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    // No such process, or a system without /proc.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** What passed between two readings. A process that ended meanwhile, such as an idle connection's, is left out. */
export function processorSecondsBetween(
  before: ReadonlyMap<number, number> | null,
  after: ReadonlyMap<number, number> | null,
): number | null {
  if (before === null || after === null) return null;
  let seconds = 0;
  for (const [pid, used] of after) seconds += used - (before.get(pid) ?? 0);
  return seconds;
}
