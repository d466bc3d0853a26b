import type { KeyAccountMeeting } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { columns, type Sql, sql } from '../../platform/sql.ts';
import { reached, type ViewerSql } from '../../platform/visibility.ts';

export type MeetingRow = KeyAccountMeeting & { readonly __typename: 'KeyAccountMeeting' };

const MEETING_COLUMNS = sql`${columns('m', [
  'id',
  'type',
  'heldAt',
  'subject',
  'participants',
  'keyAccountIds',
  'minutes',
  'minutesAt',
  'recordedAt',
  'recordedById',
  'version',
])}, 'KeyAccountMeeting' as "__typename"`;

/** Meetings are about all key accounts: read by who reads all of them, and by who serves some. */
export function meetingReadable(viewer: ViewerSql): Sql {
  return reached(viewer, [
    ['keyAccount:read:ALL', sql`true`],
    ['keyAccount:write:KEY_ASSIGNED', sql`true`],
  ]);
}

export const meetingById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<MeetingRow>(sql`
      select ${MEETING_COLUMNS} from key_account_meeting m
      where m.id = any(${[...ids]}::uuid[]) and ${meetingReadable(reader.sees)}`),
  ),
);

export const MEETING_FIELDS = {
  type: { kind: 'Enum', enumName: 'KeyAccountMeetingType', column: sql`m.type` },
  heldAt: { kind: 'DateTime', column: sql`m.held_at` },
} as const satisfies Record<string, ListField>;

/** By the index key_account_meeting(held_at, id). */
export function meetingList(reader: Reader): ListSource {
  const visible = meetingReadable(reader.sees);
  return {
    from: sql`key_account_meeting m`,
    id: sql`m.id`,
    select: MEETING_COLUMNS,
    visible,
    full: visible,
    fields: MEETING_FIELDS,
  };
}
