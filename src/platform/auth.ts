import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose';
import type { Environment } from './environment.ts';
import { openFolder } from './folder-claim.ts';

/** A token that is not accepted. The reason is for the caller and gives nothing away about keys. */
export class TokenRefused extends Error {}

/** The key set could not be read: nothing is known about the token, and the caller may try again. */
export class KeysUnavailable extends Error {}

export interface VerifiedToken {
  /** The `sub` claim: who it is. Roles are never read from a token. */
  readonly subject: string;
  readonly expiresAt: Date;
}

export interface Authenticator {
  verify(token: string, now: Date): Promise<VerifiedToken>;
  /** Signs a token; only where the server holds the secret itself. */
  readonly sign: ((subject: string, now: Date, lifetimeSeconds: number) => Promise<string>) | null;
}

/** Seconds by which clocks of issuer and server may differ. */
const CLOCK_TOLERANCE_SECONDS = 5;
const MAX_TOKEN_LENGTH = 8_192;

/**
 * Verifies tokens against a JWKS or a shared secret: algorithm pinned, issuer, audience and expiry checked. Without
 * either it uses a development secret of this data folder, which production does not accept.
 */
export function createAuthenticator(environment: Environment): Authenticator {
  const issuer = environment.AUTH_ISSUER;
  const audience = environment.AUTH_AUDIENCE;
  const secret = environment.AUTH_JWKS_URL ? null : new TextEncoder().encode(signingSecret(environment));
  const algorithm = environment.AUTH_ALGORITHM ?? (secret ? 'HS256' : 'RS256');
  const key = secret ?? keySet(new URL(environment.AUTH_JWKS_URL ?? ''));

  return {
    async verify(token, now) {
      if (token.length > MAX_TOKEN_LENGTH) throw new TokenRefused('The token is too long.');
      try {
        const { payload } = await jwtVerify(token, key as JWTVerifyGetKey, {
          algorithms: [algorithm],
          issuer,
          audience,
          currentDate: now,
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
          requiredClaims: ['sub', 'exp'],
        });
        return { subject: String(payload.sub), expiresAt: new Date(Number(payload.exp) * 1000) };
      } catch (error) {
        throw refusal(error);
      }
    },
    sign: secret
      ? (subject, now, lifetimeSeconds) => {
          const issuedAt = Math.floor(now.getTime() / 1000);
          return new SignJWT()
            .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
            .setSubject(subject)
            .setIssuer(issuer)
            .setAudience(audience)
            .setIssuedAt(issuedAt)
            .setExpirationTime(issuedAt + lifetimeSeconds)
            .sign(secret);
        }
      : null,
  };
}

function keySet(url: URL): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(url, { timeoutDuration: 3_000 });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
        throw error;
      if (error instanceof errors.JOSENotSupported) throw error;
      throw new KeysUnavailable(`The key set at ${url.origin}${url.pathname} could not be read.`, {
        cause: error,
      });
    }
  };
}

function refusal(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return new TokenRefused('The token has expired.');
  if (error instanceof errors.JWTClaimValidationFailed) {
    return new TokenRefused(`The token's claim "${error.claim}" is not accepted.`);
  }
  return error instanceof errors.JOSEError ? new TokenRefused('The token is not valid.') : error;
}

function signingSecret(environment: Environment): string {
  if (environment.AUTH_JWT_SECRET) return environment.AUTH_JWT_SECRET;
  if (environment.NODE_ENV === 'production')
    throw new Error('Production needs AUTH_JWKS_URL or AUTH_JWT_SECRET.');
  return developmentSecret(environment.DATA_DIR);
}

/** Made at random once per data folder, so that no two installations share a key. */
function developmentSecret(dataDir: string): string {
  const file = join(dataDir, 'development-secret');
  openFolder(dataDir);
  try {
    writeFileSync(file, randomBytes(48).toString('base64url'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8');
}

/** A verified token is taken at its word for this long; a key that is withdrawn stops counting then. */
const REMEMBERED_MS = 30_000;
const REMEMBERED_TOKENS = 10_000;

/** Remembers tokens that were verified a moment ago: a client sends the same one with every request. */
export function rememberTokens(verify: Authenticator['verify']): Authenticator['verify'] {
  const known = new Map<string, { readonly token: VerifiedToken; readonly until: number }>();
  return async (text, now) => {
    const entry = known.get(text);
    if (entry && now.getTime() < entry.until && now < entry.token.expiresAt) return entry.token;
    const token = await verify(text, now);
    // The oldest go first: a Map keeps the order of insertion.
    known.delete(text);
    if (known.size >= REMEMBERED_TOKENS) known.delete(known.keys().next().value ?? '');
    known.set(text, { token, until: now.getTime() + REMEMBERED_MS });
    return token;
  };
}

/** The token of an `Authorization` header or connection parameter; null when there is none. */
export function bearerToken(header: unknown): string | null {
  if (header === undefined || header === null || header === '') return null;
  const match = /^Bearer +([\w.~+/=-]+) *$/i.exec(String(header));
  if (!match?.[1]) throw new TokenRefused('The Authorization header is not of the form "Bearer <token>".');
  return match[1];
}
