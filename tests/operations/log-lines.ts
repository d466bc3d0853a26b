import { createLog, type Log } from '../../src/platform/log.ts';

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A log as the server writes it, whose lines a test can read. */
export function recordedLog(level = 'debug'): {
  readonly log: Log;
  readonly lines: readonly LogLine[];
  readonly text: string;
} {
  const written: string[] = [];
  return {
    log: createLog(level, { write: (line) => void written.push(line) }),
    get lines() {
      return written.map((line) => JSON.parse(line) as LogLine);
    },
    get text() {
      return written.join('');
    },
  };
}
