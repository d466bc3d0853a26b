import { z } from 'zod';
import { FILE_TYPE_NAMES, type FileType } from '../lib/file-types.ts';
import { setting } from '../platform/settings-register.ts';

/** A file of two gigabytes is the most that a size can say. */
const bytes = z.number().int().min(1).max(2_147_483_647);
const types = z.array(z.enum(FILE_TYPE_NAMES)).min(1);
const minutes = z
  .number()
  .int()
  .min(1)
  .max(24 * 60);

const RECORDINGS: FileType[] = ['wav', 'mp3', 'ogg', 'm4a', 'amr'];
const PAPERS: FileType[] = ['pdf', 'png', 'jpeg', 'docx', 'txt'];

/** Policy numbers of attachments. How long recordings are kept is the setting ticket.recordingMonths. */
export const ATTACHMENT_SETTINGS = {
  maxBytes: setting({
    key: 'attachment.maxBytes',
    description: 'The largest file that is accepted, in bytes, by kind of attachment.',
    default: {
      CALL_RECORDING: 100_000_000,
      LETTER: 20_000_000,
      VOUCHER: 20_000_000,
      DOCUMENT: 20_000_000,
      OTHER: 20_000_000,
    },
    origin: 'D',
    source: 'TIC-10, TIC-20',
    schema: z.object({
      CALL_RECORDING: bytes,
      LETTER: bytes,
      VOUCHER: bytes,
      DOCUMENT: bytes,
      OTHER: bytes,
    }),
  }),
  types: setting({
    key: 'attachment.types',
    description: `The types of file that are accepted, by kind of attachment; a type is told by the content. Known: ${FILE_TYPE_NAMES.join(', ')}.`,
    default: {
      CALL_RECORDING: RECORDINGS,
      LETTER: PAPERS,
      VOUCHER: ['pdf', 'png', 'jpeg'] as FileType[],
      DOCUMENT: [...PAPERS, 'xlsx'] as FileType[],
      OTHER: [...RECORDINGS, ...PAPERS, 'xlsx'] as FileType[],
    },
    origin: 'D',
    source: 'TIC-10, TIC-20',
    schema: z.object({
      CALL_RECORDING: types,
      LETTER: types,
      VOUCHER: types,
      DOCUMENT: types,
      OTHER: types,
    }),
  }),
  uploadMinutes: setting({
    key: 'attachment.uploadMinutes',
    description: 'Minutes for which the address given for an upload is open.',
    default: 15,
    origin: 'D',
    source: 'PRM-05',
    schema: minutes,
  }),
  downloadMinutes: setting({
    key: 'attachment.downloadMinutes',
    description:
      'Minutes for which the address given for a download is open; rights are decided again whenever it is used.',
    default: 10,
    origin: 'D',
    source: 'PRM-05',
    schema: minutes,
  }),
} as const;
