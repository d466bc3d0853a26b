import { holdersOf } from '../organisation/queries.ts';
import { ROLES } from '../organisation/rules/permissions.ts';
import type { Environment } from '../platform/environment.ts';
import type { Server } from '../server.ts';

const LIFETIME_SECONDS = 7 * 24 * 3600;

/** Where the server listens, and while it uses development keys one ready token per role. */
export async function welcome(server: Server, environment: Environment, now: Date): Promise<string> {
  const lines = [`Switchyard answers at ${server.url}/graphql`];
  const { sign } = server.services;
  const development = !environment.AUTH_JWKS_URL && !environment.AUTH_JWT_SECRET;
  if (sign && development) {
    const { organisation } = await server.services.directory();
    lines.push(
      '',
      'Development tokens, valid for 7 days. Send one as the header "Authorization: Bearer <token>":',
    );
    for (const role of ROLES) {
      const [employee] = holdersOf(organisation, [role], now, environment.BUSINESS_TIME_ZONE);
      if (employee)
        lines.push('', `${role} (${employee.nameEn})`, await sign(employee.subject, LIFETIME_SECONDS));
    }
  }
  return `${lines.join('\n')}\n\n`;
}
