import { systemClock } from './platform/clock.ts';
import { EnvironmentError, readEnvironment } from './platform/environment.ts';
import { FolderUnusable } from './platform/folder-claim.ts';
import { createLog } from './platform/log.ts';
import { MigrationError } from './platform/migrate.ts';
import { buildServer } from './server.ts';
import { seedDemo } from './demo/seed.ts';
import { welcome } from './demo/welcome.ts';

const STOP_WITHIN_MS = 9_500;

/** The composition root: environment -> services -> server. SIGTERM and SIGINT close in reverse. */
async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const log = createLog(environment.LOG_LEVEL);
  const server = buildServer(environment, systemClock, log, environment.SEED_DEMO ? { seed: seedDemo } : {});

  let stopping = false;
  async function stop(signal: string): Promise<void> {
    if (stopping) return;
    stopping = true;
    log.info(`${signal}: finishing what runs, then stopping`);
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    await server.stop();
    process.exit(0);
  }
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  process.on('unhandledRejection', (error) =>
    log.error({ err: error }, 'a promise was rejected and nobody looked'),
  );

  await server.start();
  process.stdout.write(await welcome(server, environment, systemClock.now()));
}

main().catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
});

/** One line for what the person at the keyboard can mend; the whole story for a bug. */
function explain(error: unknown): string {
  if (error instanceof EnvironmentError || error instanceof FolderUnusable || error instanceof MigrationError)
    return error.message;
  const { code, port, address, message } = error as NodeJS.ErrnoException & {
    port?: number;
    address?: string;
  };
  if (code === 'EADDRINUSE')
    return `PORT ${port} on ${address} is in use; stop what uses it or set another PORT.`;
  if (code === 'EACCES' && port) return `PORT ${port} may not be opened by this user; set a PORT above 1023.`;
  // Only HOST is looked up here: a database that is not found is waited for.
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `HOST is "${address ?? process.env.HOST}"; accepted: a name or address of this machine, such as 127.0.0.1, or 0.0.0.0 for all.`;
  return error instanceof Error ? (error.stack ?? message) : String(error);
}
