import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const AUTOCANNON = join(import.meta.dirname, '../node_modules/autocannon/autocannon.js');

export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly bytesPerAnswer: number;
}

interface Report {
  readonly requests: { readonly total: number };
  readonly latency: { readonly p50: number; readonly p99: number };
  readonly throughput: { readonly total: number };
  readonly duration: number;
  readonly errors: number;
  readonly non2xx: number;
}

/** Sends the same request over open connections, from a process of its own, for some seconds. */
export async function generateLoad(load: Load): Promise<LoadResult> {
  const headers = Object.entries(load.headers).flatMap(([name, value]) => ['--headers', `${name}: ${value}`]);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      AUTOCANNON,
      ...['--json', '--method', 'POST', '--body', load.body, ...headers],
      ...[
        '--connections',
        String(load.connections),
        '--duration',
        String(load.seconds),
        '--timeout',
        '120',
        load.url,
      ],
    ],
    { maxBuffer: 16 * 1024 * 1024, signal: load.signal },
  );
  const report = JSON.parse(stdout) as Report;
  if (report.errors > 0 || report.non2xx > 0 || report.requests.total === 0) {
    throw new Error(
      `${load.url}: ${report.errors} errors and ${report.non2xx} refusals in ${report.requests.total} requests.`,
    );
  }
  return {
    requests: report.requests.total,
    perSecond: report.requests.total / report.duration,
    p50: report.latency.p50,
    p99: report.latency.p99,
    bytesPerAnswer: report.throughput.total / report.requests.total,
  };
}
