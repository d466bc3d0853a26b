import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OwnProcess, own, sparePort } from '../support/processes.ts';
import { waitUntil } from '../support/server.ts';

/** A PostgreSQL server of the test's own, which may be ended and started at will. */
export interface OwnPostgres {
  readonly url: string;
  start(): Promise<void>;
  /** As when the machine is switched off: nobody is told, and what was committed is there afterwards. */
  crash(): Promise<void>;
  /** Stops all its processes where they are; they answer nothing until they are resumed. */
  freeze(): void;
  thaw(): void;
  /** While it does not run: puts its files aside, as a backup has them. */
  save(): void;
  /**
   * While it does not run: puts back what was saved, as it was; `recovered`, by the way of an archive, which begins a
   * timeline.
   */
  restore(recovered?: boolean): void;
  /** Runs a program of this PostgreSQL against it. */
  run(program: string, ...args: string[]): string;
  /** Ends it and removes its files. */
  drop(): Promise<void>;
}

/** Where the newest PostgreSQL of this machine has its programs; null when there is none. */
export function postgresPrograms(): string | null {
  const folders = globSync([
    '/usr/lib/postgresql/*/bin',
    '/usr/local/pgsql/bin',
    '/opt/homebrew/opt/postgresql@*/bin',
  ]);
  return folders.sort().findLast((folder) => existsSync(join(folder, 'initdb'))) ?? null;
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package has made. */
function account(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** Makes a server that has not been started yet, on a port of its own. */
export async function ownPostgres(): Promise<OwnPostgres> {
  const programs = postgresPrograms();
  if (!programs) throw new Error('No PostgreSQL programs are installed.');
  const user = account();
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-postgres-'));
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const options = [
    '--pgdata',
    data,
    '--username',
    'postgres',
    '--auth',
    'trust',
    '--encoding',
    'UTF8',
    '--no-sync',
  ];
  execFileSync(join(programs, 'initdb'), options, { ...user, stdio: 'ignore', cwd: folder });
  const port = await sparePort();
  let running: OwnProcess | null = null;

  /** The server and its children. */
  function everyProcess(): number[] {
    if (!running) return [];
    const listed = execFileSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' });
    const children = listed.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
    const server = running.pid;
    return [server, ...children.flatMap(([pid = 0, parent]) => (parent === server ? [pid] : []))];
  }

  const postgres: OwnPostgres = {
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    async start() {
      const child = spawn(
        join(programs, 'postgres'),
        ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1'],
        { ...user, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
      );
      const started = own(child);
      running = started;
      await waitUntil(() => {
        if (started.exitCode !== null) throw new Error(`PostgreSQL ended: ${started.output}`);
        return started.output.includes('database system is ready to accept connections');
      }, 20_000);
    },
    async crash() {
      await running?.kill('SIGQUIT');
      running = null;
    },
    save: () => cpSync(data, join(folder, 'saved'), { recursive: true, preserveTimestamps: true }),
    restore(recovered = false) {
      rmSync(data, { recursive: true, force: true });
      cpSync(join(folder, 'saved'), data, { recursive: true, preserveTimestamps: true });
      chmodSync(data, 0o700);
      if (recovered) {
        writeFileSync(join(data, 'recovery.signal'), '');
        appendFileSync(join(data, 'postgresql.auto.conf'), "restore_command = 'false'\n");
      }
      if (user.uid !== undefined) execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, data]);
    },
    run: (program, ...args) =>
      execFileSync(join(programs, program), args, {
        ...user,
        cwd: folder,
        encoding: 'utf8',
        maxBuffer: 100_000_000,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    freeze: () => {
      for (const pid of everyProcess()) process.kill(pid, 'SIGSTOP');
    },
    thaw: () => {
      for (const pid of everyProcess()) process.kill(pid, 'SIGCONT');
    },
    async drop() {
      postgres.thaw();
      await postgres.crash();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return postgres;
}
