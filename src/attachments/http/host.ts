import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { Clock } from '../../platform/clock.ts';
import type { CommandOrigin, CommandRunner } from '../../platform/command.ts';
import type { Log } from '../../platform/log.ts';
import type { FileStore } from '../../platform/open-store.ts';
import type { LinkRefusal, SignedLinks } from '../../platform/signed-links.ts';
import { FileRefused } from '../rules.ts';
import { text } from '../../lib/text.ts';

/** A person whom a signed address names, with the rights of this instant. */
export interface FileCaller {
  readonly viewer: Viewer;
  readonly read: Reader;
  /** Of a command that the person does now. */
  origin(): CommandOrigin;
}

/** What the file addresses need of the server. */
export interface FileHost {
  readonly store: FileStore;
  readonly links: SignedLinks;
  readonly runner: CommandRunner;
  readonly clock: Clock;
  readonly log: Log;
  /** Origins of web pages that may use the addresses; null when none but our own. */
  readonly corsOrigin: string | null;
  /** Null for a person who is not known here any more, or has no role now. */
  callerOf(employeeId: string): Promise<FileCaller | null>;
}

/** Where files are sent to and fetched from; a token follows. */
export const FILES_PATH = '/files/';

/** Purposes of the signed addresses: one of the one kind opens nothing of the other. */
const PURPOSE = { upload: 'attachment upload', download: 'attachment download' } as const;

export type FileAct = keyof typeof PURPOSE;

/** An address for one person, one file, and some minutes. */
export function fileAddress(
  links: SignedLinks,
  act: FileAct,
  ids: { readonly id: string; readonly employeeId: string },
  expiresAt: Date,
): string {
  return `${FILES_PATH}${links.sign(PURPOSE[act], { ...ids }, expiresAt)}`;
}

/** What an address stands for; FileRefused for one that is not ours, or whose time is over. */
export function readAddress(
  host: FileHost,
  act: FileAct,
  token: string,
): { readonly id: string; readonly employeeId: string } {
  const payload = host.links.read(PURPOSE[act], token, host.clock.now());
  if (typeof payload === 'string') throw refusedLink(payload);
  return { id: payload.id ?? '', employeeId: payload.employeeId ?? '' };
}

function refusedLink(refusal: LinkRefusal): FileRefused {
  return refusal === 'EXPIRED'
    ? new FileRefused(
        'LINK_EXPIRED',
        text('This address is no longer open; ask for a new one.', '该地址已过期，请重新获取。'),
      )
    : new FileRefused('LINK_INVALID', text('This address is not valid.', '该地址无效。'));
}
