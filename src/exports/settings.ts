import { z } from 'zod';
import { setting } from '../platform/settings-register.ts';

/** Policy numbers of exports and of secrecy (rulebook section 26). */
export const EXPORT_SETTINGS = {
  bulkRows: setting({
    key: 'export.bulkRows',
    description:
      'Rows of customer information that a person may take out within 24 hours; more raise DATA_LEAK_SUSPECTED.',
    default: 50,
    origin: 'D',
    source: 'CUS-19',
    schema: z.number().int().min(0).max(1_000_000),
  }),
  acknowledgeMonths: setting({
    key: 'secrecy.acknowledgeMonths',
    description: 'Months for which an acknowledgement of secrecy is valid.',
    default: 12,
    origin: 'D',
    source: 'CUS-19',
    schema: z.number().int().min(1).max(120),
  }),
  maxRows: setting({
    key: 'export.maxRows',
    description: 'The most rows of one export.',
    default: 200_000,
    origin: 'D',
    source: 'CUS-19',
    // A sheet has 1,048,576 rows with the one of the headings.
    schema: z.number().int().min(1).max(1_048_575),
  }),
  linkMinutes: setting({
    key: 'export.linkMinutes',
    description: 'Minutes for which the link of an export can be opened.',
    default: 15,
    origin: 'D',
    source: 'CUS-19',
    schema: z.number().int().min(1).max(1_440),
  }),
  downloadMinutes: setting({
    key: 'export.downloadMinutes',
    description: 'Minutes that one download may take; it is ended then.',
    default: 30,
    origin: 'D',
    source: 'CUS-19',
    schema: z.number().int().min(1).max(240),
  }),
  openAtOnce: setting({
    key: 'export.openAtOnce',
    description: 'Exports that a person may have waiting or running at a time.',
    default: 5,
    origin: 'D',
    source: 'CUS-19',
    schema: z.number().int().min(1).max(100),
  }),
} as const;
