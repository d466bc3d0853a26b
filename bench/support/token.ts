import { SignJWT } from 'jose';

/** Signs the tokens of every benchmark; AUTH_JWT_SECRET of the servers. */
export const SECRET = 'a-secret-of-the-benchmark-that-is-long-enough';

export function tokenOf(subject: string): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(subject)
    .setIssuer('switchyard')
    .setAudience('switchyard')
    .setIssuedAt()
    .setExpirationTime('1d')
    .sign(new TextEncoder().encode(SECRET));
}
