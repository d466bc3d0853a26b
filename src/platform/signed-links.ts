import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Queryable, sql } from './sql.ts';

/** What a link stands for: ids only, for whoever holds the link can read them. */
export type LinkPayload = Readonly<Record<string, string>>;

/** Why a link does not open: it is not one of ours (or for something else), or its time is over. */
export type LinkRefusal = 'FORGED' | 'EXPIRED';

/**
 * Tokens for links that open without an Authorization header, as browsers follow them: what is signed says for whom
 * and for what, and whoever opens it decides the rights again. A token of one purpose opens nothing of another.
 */
export interface SignedLinks {
  sign(purpose: string, payload: LinkPayload, expiresAt: Date): string;
  read(purpose: string, token: string, now: Date): LinkPayload | LinkRefusal;
  /** A secret of its own for a purpose, to share with the one who is to check what is signed with it. */
  secretOf(purpose: string): Buffer;
}

const SECRET_BYTES = 32;
/** Longer than any token of ours. */
const MAX_TOKEN_LENGTH = 2_048;

/**
 * The secret stands in the database, made by whichever process comes first: all processes agree, wherever their
 * access tokens come from. The issuer is part of the keys, so that a copy of the database elsewhere signs other links.
 */
export async function openSignedLinks(database: Queryable, issuer: string): Promise<SignedLinks> {
  await database.query(sql`
    insert into signing_secret (id, secret) values (1, decode(${randomBytes(SECRET_BYTES).toString('hex')}, 'hex'))
    on conflict (id) do nothing
    returning 1 as written`);
  const [row] = await database.query<{ secret: string }>(
    sql`select encode(secret, 'hex') as secret from signing_secret where id = 1`,
  );
  if (!row) throw new Error('The secret that signs links is missing.');
  return signedLinks(Buffer.from(row.secret, 'hex'), issuer);
}

function signedLinks(secret: Buffer, issuer: string): SignedLinks {
  const keys = new Map<string, Buffer>();

  /** A key of its own for each purpose. */
  function signature(purpose: string, body: string): Buffer {
    let key = keys.get(purpose);
    if (!key) {
      key = Buffer.from(hkdfSync('sha256', secret, issuer, `link ${purpose}`, SECRET_BYTES));
      keys.set(purpose, key);
    }
    return createHmac('sha256', key).update(body).digest();
  }

  return {
    secretOf: (purpose) => Buffer.from(hkdfSync('sha256', secret, issuer, `shared ${purpose}`, SECRET_BYTES)),
    sign(purpose, payload, expiresAt) {
      const body = Buffer.from(JSON.stringify([expiresAt.getTime(), payload])).toString('base64url');
      return `${body}.${signature(purpose, body).toString('base64url')}`;
    },
    read(purpose, token, now) {
      if (token.length > MAX_TOKEN_LENGTH) return 'FORGED';
      const [body = '', given = '', ...rest] = token.split('.');
      const expected = signature(purpose, body);
      const offered = Buffer.from(given, 'base64url');
      if (rest.length > 0 || offered.length !== expected.length || !timingSafeEqual(offered, expected))
        return 'FORGED';
      // Signed by us: its form is known.
      const [until, payload] = JSON.parse(Buffer.from(body, 'base64url').toString()) as [number, LinkPayload];
      return now.getTime() < until ? payload : 'EXPIRED';
    },
  };
}
