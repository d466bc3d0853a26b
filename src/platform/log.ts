import { pino } from 'pino';

export type Log = import('pino').Logger;

/** Structured log on standard output. Tokens and secrets never reach it. */
export function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    redact: ['authorization', 'token', '*.authorization', '*.token', 'headers.authorization'],
  });
}
