// `npm run token -- --role HEAD [--days 7]`: a token for an employee who holds the role, signed with this
// installation's own secret.
import { parseArgs } from 'node:util';
import type { Role } from '../generated/prisma/enums.ts';
import { holdersOf, loadOrganisation } from '../organisation/queries.ts';
import { ROLES } from '../organisation/rules/permissions.ts';
import { createAuthenticator } from '../platform/auth.ts';
import { systemClock } from '../platform/clock.ts';
import { openPostgres } from '../platform/database.ts';
import { type Environment, readEnvironment } from '../platform/environment.ts';
import { demoSubject } from '../demo/people.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { role: { type: 'string' }, days: { type: 'string', default: '7' } },
  });
  const role = ROLES.find((candidate) => candidate === values.role);
  const days = Number(values.days);
  if (!role) throw new Error(`--role is "${values.role ?? ''}"; accepted: ${ROLES.join(', ')}.`);
  if (!Number.isInteger(days) || days < 1 || days > 366)
    throw new Error(`--days is "${values.days}"; accepted: 1 to 366.`);
  const environment = readEnvironment(process.env);
  const { sign } = createAuthenticator(environment);
  if (!sign) throw new Error('AUTH_JWKS_URL is set: tokens come from the issuer of those keys.');
  const now = systemClock.now();
  process.stdout.write(`${await sign(await subjectOf(environment, role, now), now, days * 86_400)}\n`);
}

/** Somebody who holds the role now. The embedded database may belong to a running server; its demo people are known. */
async function subjectOf(environment: Environment, role: Role, now: Date): Promise<string> {
  if (!environment.DATABASE_URL) return demoSubject(role);
  const database = openPostgres(environment.DATABASE_URL, 2, () => {});
  try {
    const organisation = await loadOrganisation(database);
    const [holder] = holdersOf(organisation, [role], now, environment.BUSINESS_TIME_ZONE);
    if (!holder) throw new Error(`Nobody holds the role ${role} now.`);
    return holder.subject;
  } finally {
    await database.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
