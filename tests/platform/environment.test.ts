import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EnvironmentError, readEnvironment } from '../../src/platform/environment.ts';
import { own } from '../support/processes.ts';
import { TEST_SECRET } from '../support/server.ts';

function refusalOf(source: Record<string, string>): string {
  try {
    readEnvironment(source);
  } catch (error) {
    expect(error).toBeInstanceOf(EnvironmentError);
    return (error as Error).message;
  }
  throw new Error(`Accepted: ${JSON.stringify(source)}`);
}

describe('a variable that cannot be used', () => {
  it.each<[name: string, values: string[], accepted: string]>([
    ['PORT', ['http', '-1', '65536', '80.5', '0x50', '1e3', ' '], 'a port from 0 to 65535'],
    [
      'DATABASE_URL',
      ['localhost', 'mysql://127.0.0.1/switchyard', ' '],
      'postgresql://user:password@host:5432/database',
    ],
    ['REDIS_URL', ['127.0.0.1:6379', 'http://127.0.0.1'], 'redis://host:6379'],
    ['ATTACHMENTS_S3_URL', ['s3.example', 'ftp://s3.example'], 'the address of an S3-compatible service'],
    ['ATTACHMENTS_S3_BUCKET', ['Letters', 'a', 'a/b'], 'the name of a bucket'],
    ['ATTACHMENTS_S3_REGION', ['EU West'], 'a region such as us-east-1'],
    ['AUTH_JWKS_URL', ['id.example/keys', 'file:///keys.json'], 'the address of a JWKS, https://…'],
    ['AUTH_ALGORITHM', ['none', 'HS512', 'rs256'], 'HS256 (secret), or RS256, PS256, ES256, EdDSA (JWKS)'],
    ['BUSINESS_TIME_ZONE', ['Shanghai', 'UTC+8:00 '], 'an IANA time zone such as Asia/Shanghai'],
    ['BUSINESS_CURRENCY', ['cny', 'YUAN', '¥'], 'an ISO 4217 code such as CNY'],
    ['NODE_ENV', ['prod', 'Production'], 'development, test or production'],
    ['LOG_LEVEL', ['verbose', 'INFO'], 'fatal, error, warn, info, debug, trace or silent'],
    ['GRAPHIQL', ['yes', '1'], 'true or false'],
    ['INTROSPECTION', ['on'], 'true or false'],
    ['TRUSTED_DOCUMENTS_ONLY', ['TRUE'], 'true or false'],
    [
      'CORS_ORIGIN',
      ['board.example', 'https://board.example/', 'https://a.example;https://b.example'],
      'origins such as',
    ],
    ['SEED_DEMO', ['no'], 'true or false'],
    ['MIGRATE_ON_START', ['0'], 'true or false'],
    ['LIVE_HEARTBEAT_SECONDS', ['0', '-1', '15s', '100000', 'Infinity'], 'seconds, 0.01 to 86400'],
    ['LIVE_POLL_SECONDS', ['0', 'often'], 'seconds, 0.01 to 86400'],
    ['SWEEP_SECONDS', ['0.001', '9999999999'], 'seconds, 0.01 to 86400'],
    ['DATABASE_POOL', ['1', '201', '10.5', 'many'], 'connections per pool, 2 to 200'],
  ])(
    '%s is refused with one line that names it, its value and what is accepted',
    (name, values, accepted) => {
      for (const value of values) {
        const message = refusalOf({ [name]: value });
        expect(message).toContain(`${name} is "${value}"; accepted: `);
        expect(message).toContain(accepted);
        expect(message).not.toContain('\n');
      }
    },
  );

  it('that is empty counts as absent', () => {
    const { PORT, DATABASE_URL, BUSINESS_CURRENCY } = readEnvironment({
      PORT: '',
      DATABASE_URL: '',
      BUSINESS_CURRENCY: '',
    });
    expect([PORT, DATABASE_URL, BUSINESS_CURRENCY]).toEqual([4000, undefined, 'CNY']);
  });

  it('never shows a secret', () => {
    const sources: Record<string, string>[] = [
      { AUTH_JWT_SECRET: 'hunter2' },
      { DATABASE_URL: 'mysql://switchyard:hunter2@db.example/switchyard' },
      { DATABASE_URL: 'mysql://db.example/switchyard?password=hunter2' },
      { DATABASE_URL: 'switchyard:p@hunter2@db.example' },
      { REDIS_URL: 'https://:hunter2@redis.example' },
      { AUTH_JWKS_URL: 'ftp://user:hunter2@id.example/keys' },
    ];
    for (const source of sources) {
      const [name = ''] = Object.keys(source);
      const message = refusalOf(source);
      expect(message).toContain(name);
      expect(message).not.toContain('hunter2');
    }
  });

  it.each([
    [
      { AUTH_JWKS_URL: 'https://id.example/keys', AUTH_JWT_SECRET: TEST_SECRET },
      'AUTH_JWKS_URL and AUTH_JWT_SECRET',
    ],
    [{ AUTH_JWKS_URL: 'https://id.example/keys', AUTH_ALGORITHM: 'HS256' }, 'AUTH_ALGORITHM is "HS256"'],
    [{ AUTH_JWT_SECRET: TEST_SECRET, AUTH_ALGORITHM: 'RS256' }, 'AUTH_ALGORITHM is "RS256"'],
    [{ ATTACHMENTS_S3_URL: 'https://s3.example' }, 'ATTACHMENTS_S3_URL is set without'],
    [
      { ATTACHMENTS_S3_URL: 'https://s3.example', ATTACHMENTS_S3_KEY_ID: 'id' },
      'ATTACHMENTS_S3_URL is set without',
    ],
    [{ ATTACHMENTS_S3_BUCKET: 'letters' }, 'ATTACHMENTS_S3_BUCKET, _KEY_ID or _SECRET is set without'],
    [{ ATTACHMENTS_S3_SECRET: 'hunter2' }, 'ATTACHMENTS_S3_BUCKET, _KEY_ID or _SECRET is set without'],
    [{ NODE_ENV: 'production' }, 'AUTH_JWKS_URL and AUTH_JWT_SECRET are both absent'],
  ])('that does not go with another is refused: %o', (source, start) => {
    expect(refusalOf(source)).toMatch(new RegExp(`^${start}`));
  });

  it('accepts what each is for', () => {
    const given = {
      PORT: '0',
      DATABASE_URL: 'postgres://u:p@db.example:5432/switchyard?sslmode=require',
      REDIS_URL: 'rediss://redis.example:6380',
      AUTH_JWKS_URL: 'https://id.example/keys',
      AUTH_ALGORITHM: 'EdDSA',
      BUSINESS_TIME_ZONE: 'Europe/Berlin',
      ATTACHMENTS_S3_URL: 'https://oss-cn-shanghai.aliyuncs.com',
      ATTACHMENTS_S3_BUCKET: 'switchyard-files',
      ATTACHMENTS_S3_REGION: 'cn-shanghai',
      ATTACHMENTS_S3_KEY_ID: 'id',
      ATTACHMENTS_S3_SECRET: 'secret',
      NODE_ENV: 'production',
      CORS_ORIGIN: 'https://board.example, http://127.0.0.1:3000',
      LIVE_POLL_SECONDS: '0.5',
      DATABASE_POOL: '200',
    };
    expect(readEnvironment(given)).toMatchObject({
      ...given,
      PORT: 0,
      LIVE_POLL_SECONDS: 0.5,
      DATABASE_POOL: 200,
      GRAPHIQL: false,
      SEED_DEMO: false,
    });
  });
});

describe('a start that cannot succeed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-environment-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Starts the server and waits for its end. */
  async function start(
    environment: Record<string, string>,
  ): Promise<{ code: number | null; output: string }> {
    const child: ChildProcess = spawn(process.execPath, ['src/main.ts'], {
      env: { PATH: process.env.PATH, PORT: '0', DATA_DIR: folder, LOG_LEVEL: 'warn', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const server = own(child);
    await once(child, 'close');
    return { code: server.exitCode, output: server.output };
  }

  async function expectOneLine(environment: Record<string, string>, line: string | RegExp): Promise<void> {
    const { code, output } = await start(environment);
    expect(output.trimEnd().split('\n')).toEqual([expect.stringMatching(line)]);
    expect(code).toBe(1);
  }

  it('ends with one line for a wrong variable', async () => {
    await expectOneLine({ PORT: 'http' }, /^PORT is "http"; accepted: a port from 0 to 65535\.$/);
  });

  it('ends with one line in production without keys, naming the variables', async () => {
    await expectOneLine(
      { NODE_ENV: 'production' },
      /^AUTH_JWKS_URL and AUTH_JWT_SECRET are both absent; in production/,
    );
  });

  it('ends with one line when the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expectOneLine({ PORT: String(port) }, new RegExp(`^PORT ${port} on 127\\.0\\.0\\.1 is in use;`));
    other.close();
  });

  it('ends with one line when the host is none of this machine', async () => {
    await expectOneLine({ HOST: '203.0.113.1' }, /^HOST is "203\.0\.113\.1"; accepted: a name or address/);
  });

  it('ends with one line when the data folder cannot be written', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const expected = /^DATA_DIR is ".*file\/data"; accepted: a folder that can be written \(ENOTDIR\)\.$/;
    await expectOneLine({ DATA_DIR: join(file, 'data') }, expected);
    await expectOneLine({ DATA_DIR: join(file, 'data'), AUTH_JWT_SECRET: TEST_SECRET }, expected);
  });

  it('ends with one line when another process has the data folder', async () => {
    writeFileSync(join(folder, 'claimed-by'), String(process.pid));
    const expected = new RegExp(
      `^DATA_DIR ".*" is in use by process ${process.pid}; stop it, choose another`,
    );
    await expectOneLine({}, expected);
  });
});
