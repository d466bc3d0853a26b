import { z } from 'zod';
import { setting } from '../platform/settings-register.ts';

const SOURCE = 'EVT';

/** Policy numbers of webhooks: how events of section 24 reach systems that hold no socket. */
export const WEBHOOK_SETTINGS = {
  allowHttp: setting({
    key: 'webhooks.allowHttp',
    description:
      'Endpoints may have http:// addresses, over which events travel readable for everybody on the way; false: https:// alone.',
    default: false,
    origin: 'D',
    source: SOURCE,
    schema: z.boolean(),
  }),
  allowedNetworks: setting<readonly string[]>({
    key: 'webhooks.allowedNetworks',
    description:
      'Networks that may be delivered to although they are no public ones, in CIDR notation such as 10.20.0.0/16 or fd12::/16.',
    default: [],
    origin: 'D',
    source: SOURCE,
    schema: z.array(z.union([z.cidrv4(), z.cidrv6()])).max(50),
  }),
  timeoutSeconds: setting({
    key: 'webhooks.timeoutSeconds',
    description: 'Seconds in which a receiver has to answer, from the look-up of its name on.',
    default: 10,
    origin: 'D',
    source: SOURCE,
    schema: z.number().int().min(1).max(30),
  }),
  maxAttempts: setting({
    key: 'webhooks.maxAttempts',
    description: 'How often an event is tried before it becomes a dead letter and the next one follows.',
    default: 12,
    origin: 'D',
    source: SOURCE,
    schema: z.number().int().min(1).max(50),
  }),
  retrySeconds: setting({
    key: 'webhooks.retrySeconds',
    description:
      'Seconds from the first failed attempt to the second; doubled after each further one, and up to half of it is taken off by chance.',
    default: 5,
    origin: 'D',
    source: SOURCE,
    schema: z.number().int().min(1).max(3600),
  }),
  retryMaxSeconds: setting({
    key: 'webhooks.retryMaxSeconds',
    description: 'Most seconds between two attempts.',
    default: 3600,
    origin: 'D',
    source: SOURCE,
    schema: z.number().int().min(1).max(86_400),
  }),
  circuitFailures: setting({
    key: 'webhooks.circuitFailures',
    description: 'Failed attempts in a row after which nothing is sent to an endpoint for a while.',
    default: 5,
    origin: 'D',
    source: SOURCE,
    schema: z.number().int().min(1).max(100),
  }),
  circuitSeconds: setting({
    key: 'webhooks.circuitSeconds',
    description:
      'Least seconds for which nothing is sent to an endpoint that has failed too often, before one delivery is tried.',
    default: 60,
    origin: 'D',
    source: SOURCE,
    schema: z.number().int().min(1).max(86_400),
  }),
  secretOverlapHours: setting({
    key: 'webhooks.secretOverlapHours',
    description: 'Hours for which the secret before a rotation signs beside the new one.',
    default: 24,
    origin: 'D',
    source: SOURCE,
    schema: z.number().int().min(0).max(720),
  }),
  logDays: setting({
    key: 'webhooks.logDays',
    description: 'Days for which attempts to deliver are kept in the log.',
    default: 14,
    origin: 'D',
    source: SOURCE,
    schema: z.number().int().min(1).max(365),
  }),
} as const;
