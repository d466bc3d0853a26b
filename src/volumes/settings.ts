import { z } from 'zod';
import { setting } from '../platform/settings-register.ts';

const percent = z.number().gt(0).max(100);

/** Policy numbers of the watch over volume and sales of customers (rulebook section 26). */
export const VOLUME_SETTINGS = {
  drop: setting({
    key: 'volume.drop',
    description:
      'By how many percent the shipments of the last 30 days of a priority customer lie below a third of the 90 days before when that is told of.',
    default: 30,
    origin: 'D',
    source: 'EVT-15, EVT-33',
    schema: percent,
  }),
  dropKey: setting({
    key: 'volume.dropKey',
    description: 'The same for a key account.',
    default: 20,
    origin: 'D',
    source: 'EVT-15, EVT-33',
    schema: percent,
  }),
  seasonal: setting({
    key: 'volume.seasonal',
    description:
      'Whether a drop must also be one against what the same days of the year before let expect, for customers that shipped then: a season that ends each year is no drop.',
    default: true,
    origin: 'D',
    source: 'CUS-32, EVT-15',
    schema: z.boolean(),
  }),
  runAt: setting({
    key: 'volume.runAt',
    description:
      'When volume and sales of customers are looked at each night, on the clock of the business time zone.',
    default: '03:00',
    origin: 'D',
    source: 'CUS-32, KPM-04',
    schema: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/),
  }),
} as const;
