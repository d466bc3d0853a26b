import { z } from 'zod';

/** Thrown for an environment variable that cannot be used; the start stops with this one line. */
export class EnvironmentError extends Error {}

function integer(least: number, most: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(least).max(most));
}

/** The most is a day: longer spans overflow a timer, which then fires at once. */
const seconds = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,3})?$/)
  .transform(Number)
  .pipe(z.number().min(0.01).max(86_400));
const SECONDS = 'seconds, 0.01 to 86400';

const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

function url(...protocols: string[]) {
  return z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol));
}

function areOrigins(value: string): boolean {
  if (value === '*') return true;
  return value
    .split(',')
    .every((part) => URL.canParse(part.trim()) && new URL(part.trim()).origin === part.trim());
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** Every variable the server reads: its form, its default, and what to tell the person who set it wrongly. */
const VARIABLES = {
  PORT: [integer(0, 65_535).default(4000), 'a port from 0 to 65535'],
  HOST: [z.string().min(1).default('127.0.0.1'), 'a host name or address to listen on'],
  DATABASE_URL: [url('postgres:', 'postgresql:').optional(), 'postgresql://user:password@host:5432/database'],
  REDIS_URL: [url('redis:', 'rediss:').optional(), 'redis://host:6379'],
  DATA_DIR: [z.string().min(1).default('.data'), 'a folder that can be written'],
  ATTACHMENTS_S3_URL: [
    url('https:', 'http:').optional(),
    'the address of an S3-compatible service, https://…, or of the bucket itself where ATTACHMENTS_S3_BUCKET is absent',
  ],
  ATTACHMENTS_S3_BUCKET: [
    z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
      .optional(),
    'the name of a bucket',
  ],
  ATTACHMENTS_S3_REGION: [
    z
      .string()
      .regex(/^[a-z0-9-]+$/)
      .default('us-east-1'),
    'a region such as us-east-1',
  ],
  ATTACHMENTS_S3_KEY_ID: [z.string().min(1).optional(), 'the id of an access key'],
  ATTACHMENTS_S3_SECRET: [z.string().min(1).optional(), 'the secret of the access key'],
  AUTH_JWKS_URL: [url('https:', 'http:').optional(), 'the address of a JWKS, https://…'],
  AUTH_JWT_SECRET: [z.string().min(32).optional(), 'a secret of at least 32 characters'],
  AUTH_ALGORITHM: [
    z.enum(['HS256', 'RS256', 'ES256', 'EdDSA', 'PS256']).optional(),
    'HS256 (secret), or RS256, PS256, ES256, EdDSA (JWKS)',
  ],
  AUTH_ISSUER: [z.string().min(1).default('switchyard'), 'the expected iss claim'],
  AUTH_AUDIENCE: [z.string().min(1).default('switchyard'), 'the expected aud claim'],
  BUSINESS_TIME_ZONE: [
    z.string().refine(isTimeZone).default('Asia/Shanghai'),
    'an IANA time zone such as Asia/Shanghai',
  ],
  BUSINESS_CURRENCY: [
    z
      .string()
      .regex(/^[A-Z]{3}$/)
      .default('CNY'),
    'an ISO 4217 code such as CNY',
  ],
  NODE_ENV: [
    z.enum(['development', 'test', 'production']).default('development'),
    'development, test or production',
  ],
  LOG_LEVEL: [
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    'fatal, error, warn, info, debug, trace or silent',
  ],
  GRAPHIQL: [flag.optional(), 'true or false (default: false in production, else true)'],
  INTROSPECTION: [flag.optional(), 'true or false (default: false in production, else true)'],
  TRUSTED_DOCUMENTS_ONLY: [flag.default(false), 'true or false'],
  CORS_ORIGIN: [
    z.string().refine(areOrigins).optional(),
    'origins such as https://board.example, parted by commas, or *',
  ],
  SEED_DEMO: [flag.optional(), 'true or false (default: true where no DATABASE_URL is set)'],
  MIGRATE_ON_START: [flag.default(true), 'true or false'],
  LIVE_HEARTBEAT_SECONDS: [seconds.default(15), SECONDS],
  LIVE_POLL_SECONDS: [seconds.default(0.5), SECONDS],
  SWEEP_SECONDS: [seconds.default(1), SECONDS],
  DATABASE_POOL: [integer(2, 200).default(10), 'connections per pool, 2 to 200'],
  OTEL_EXPORTER_OTLP_ENDPOINT: [url('http:', 'https:').optional(), 'an OTLP collector, http://host:4318'],
  OTEL_SERVICE_NAME: [z.string().min(1).default('switchyard'), 'the name that traces show'],
  OTEL_TRACES_SAMPLER_ARG: [
    z
      .string()
      .regex(/^\d(\.\d{1,6})?$/)
      .transform(Number)
      .pipe(z.number().min(0).max(1))
      .default(1),
    'the share of new traces that is kept, 0 to 1',
  ],
} as const satisfies Record<string, readonly [z.ZodType, string]>;

type Variables = typeof VARIABLES;
type Values = { [Name in keyof Variables]: z.output<Variables[Name][0]> };

export interface Environment extends Omit<Values, 'GRAPHIQL' | 'INTROSPECTION' | 'SEED_DEMO'> {
  readonly GRAPHIQL: boolean;
  readonly INTROSPECTION: boolean;
  readonly SEED_DEMO: boolean;
}

/** Reads and checks the environment. An empty variable counts as absent. */
export function readEnvironment(source: Readonly<Record<string, string | undefined>>): Environment {
  const values = Object.fromEntries(
    Object.entries(VARIABLES).map(([name, [schema, accepted]]) => {
      const given = source[name] === '' ? undefined : source[name];
      const parsed = schema.safeParse(given);
      if (!parsed.success) {
        throw new EnvironmentError(`${name} is ${shown(name, given)}; accepted: ${accepted}.`);
      }
      return [name, parsed.data];
    }),
  ) as unknown as Values;
  return withDefaults(values);
}

/** The value as it may be printed: no secret, and no address with the password in it. */
function shown(name: string, value: string | undefined): string {
  if (name.includes('SECRET')) return 'a value that is not shown';
  if (!name.includes('URL')) return JSON.stringify(value);
  return JSON.stringify(value?.replace(/^([\w+.-]+:\/\/)?.*@/s, '$1…@').replace(/\?.*$/s, '?…'));
}

function withDefaults(values: Values): Environment {
  const production = values.NODE_ENV === 'production';
  if (production && !values.AUTH_JWKS_URL && !values.AUTH_JWT_SECRET) {
    throw new EnvironmentError(
      'AUTH_JWKS_URL and AUTH_JWT_SECRET are both absent; in production one of them is needed, development keys are not accepted.',
    );
  }
  if (values.AUTH_JWKS_URL && values.AUTH_JWT_SECRET) {
    throw new EnvironmentError('AUTH_JWKS_URL and AUTH_JWT_SECRET are both set; accepted: one of them.');
  }
  if (values.AUTH_ALGORITHM && (values.AUTH_ALGORITHM === 'HS256') === Boolean(values.AUTH_JWKS_URL)) {
    throw new EnvironmentError(
      `AUTH_ALGORITHM is "${values.AUTH_ALGORITHM}"; accepted: HS256 with AUTH_JWT_SECRET, or RS256, PS256, ES256, EdDSA with AUTH_JWKS_URL.`,
    );
  }
  requireWholeS3(values);
  return {
    ...values,
    GRAPHIQL: values.GRAPHIQL ?? !production,
    INTROSPECTION: values.INTROSPECTION ?? !production,
    SEED_DEMO: values.SEED_DEMO ?? (!production && !values.DATABASE_URL),
  };
}

/** The address of an S3-compatible service without its key, or the other way round, is a slip. */
function requireWholeS3(values: Values): void {
  const { ATTACHMENTS_S3_URL: url, ATTACHMENTS_S3_KEY_ID: keyId, ATTACHMENTS_S3_SECRET: secret } = values;
  if (url && !(keyId && secret)) {
    throw new EnvironmentError(
      'ATTACHMENTS_S3_URL is set without ATTACHMENTS_S3_KEY_ID and ATTACHMENTS_S3_SECRET; accepted: all three, or none to keep attachments in DATA_DIR.',
    );
  }
  if (!url && (keyId || secret || values.ATTACHMENTS_S3_BUCKET)) {
    throw new EnvironmentError(
      'ATTACHMENTS_S3_BUCKET, _KEY_ID or _SECRET is set without ATTACHMENTS_S3_URL; accepted: the address of the service beside them, or none of them.',
    );
  }
}
