import { pino } from 'pino';

export type Log = import('pino').Logger;

/** Structured log on standard output. Tokens, secrets and what people have written never reach it. */
export function createLog(level: string, destination?: { write(line: string): void }): Log {
  const options = {
    level,
    base: null,
    redact: [
      'authorization',
      'token',
      'cookie',
      '*.authorization',
      '*.token',
      '*.cookie',
      '*.headers.authorization',
      '*.headers.cookie',
    ],
    serializers: { err: describeError },
  };
  return destination ? pino(options, destination) : pino(options);
}

interface DescribedError {
  readonly type: string;
  readonly code?: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: DescribedError;
}

const DEEPEST_CAUSE = 4;

/**
 * An error as the log has it: its type, code, message, the way it took, and its cause. Whatever else it carries
 * (a database's `detail`, parameters, a request) may be content.
 */
export function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: withoutValues(String(error)) };
  const { code } = error as { code?: unknown };
  const frames = error.stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    message: withoutValues(error.message),
    ...(frames ? { stack: frames } : {}),
    ...(error.cause !== undefined && depth < DEEPEST_CAUSE
      ? { cause: describeError(error.cause, depth + 1) }
      : {}),
  };
}

/** Prisma shows a call with its arguments between the first line and the last. */
const PRISMA_CALL = /^\s*Invalid `[^`]*` invocation/;

/**
 * A message without what it quotes of the data. The databases quote values with double quotes after a colon
 * (`invalid input syntax for type uuid: "…"`), and names of columns and constraints, which stay, without one.
 */
function withoutValues(message: string): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '');
  const told = PRISMA_CALL.test(message)
    ? `${lines[0]?.trim().replace(/ in$/, '')} ${lines.length > 1 ? lines.at(-1)?.trim() : ''}`
    : message;
  return told
    .replace(/: ".*"/gs, ': "…"')
    .replace(/\)=\(.*\)/gs, ')=(…)')
    .replace(/(Bearer\s+)\S+/gi, '$1…')
    .replace(/eyJ[\w-]+\.[\w-]+\.[\w-]*/g, '…');
}
