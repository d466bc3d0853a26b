import { z } from 'zod';
import { setting } from '../platform/settings-register.ts';

/** Policy numbers of customer files (rulebook section 26). */
export const CUSTOMER_SETTINGS = {
  grantDays: setting({
    key: 'access.grantDays',
    description: 'Days for which an approved access request opens a file.',
    default: 30,
    origin: 'D',
    source: 'CUS-18',
    schema: z.number().int().min(1).max(366),
  }),
  allowGrantForA: setting({
    key: 'access.allowGrantForA',
    description: 'Whether access to a grade A file can be granted at all.',
    default: false,
    origin: 'D',
    source: 'CUS-18, CFL-09',
    schema: z.boolean(),
  }),
  insideTeams: setting({
    key: 'org.insideTeams',
    description:
      'Types of team that count as inside the department; only their members can be dedicated to a customer.',
    default: ['MARKET_DEVELOPMENT', 'SALES', 'CUSTOMER_SERVICE', 'DATA_ANALYSIS', 'KEY_ACCOUNT'],
    origin: 'D',
    source: 'CFL-32, CUS-17',
    schema: z.array(
      z.enum(['MARKET_DEVELOPMENT', 'SALES', 'CUSTOMER_SERVICE', 'DATA_ANALYSIS', 'KEY_ACCOUNT', 'OTHER']),
    ),
  }),
} as const;
