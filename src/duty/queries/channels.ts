import type { ServiceChannel } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import { type CalendarFacts, calendarFacts, calendarOf } from '../../platform/calendars.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { columns, sql } from '../../platform/sql.ts';
import { onDutyAt } from './duty.ts';

export type ChannelRow = ServiceChannel & { readonly __typename: 'ServiceChannel' };

const CHANNEL_COLUMNS = sql`${columns('s', [
  'id',
  'kind',
  'name',
  'address',
  'calendarCode',
  'teamId',
  'openedAt',
  'closedAt',
  'version',
])}, 'ServiceChannel' as "__typename"`;

export const CHANNEL_FIELDS = {
  kind: { kind: 'Enum', enumName: 'ServiceChannelKind', column: sql`s.kind` },
  team: { kind: 'ID', entity: 'Team', column: sql`s.team_id`, orderable: false },
  openedAt: { kind: 'DateTime', column: sql`s.opened_at` },
  closedAt: { kind: 'DateTime', column: sql`s.closed_at` },
} as const satisfies Record<string, ListField>;

/** How the service is reached is for everybody to know (TIC-01). There are a handful, by the primary key. */
export function channelList(): ListSource {
  return {
    from: sql`service_channel s`,
    id: sql`s.id`,
    select: CHANNEL_COLUMNS,
    visible: sql`true`,
    full: sql`true`,
    fields: CHANNEL_FIELDS,
  };
}

export const channelById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<ChannelRow>(
      sql`select ${CHANNEL_COLUMNS} from service_channel s where s.id = any(${[...ids]}::uuid[])`,
    ),
  ),
);

/** Whether the calendars of these codes are open at the instant of the request; index business_calendar(code, revision). */
export const calendarOpenNow = defineLoader(async (reader: Reader, codes) => {
  const rows = await reader.query<{ code: string; calendar: CalendarFacts }>(sql`
    select distinct on (c.code) c.code, ${calendarFacts(sql`c`)} as calendar
    from business_calendar c
    where c.code = any(${[...codes]}::text[]) and c.approved_at is not null and c.valid_from <= ${reader.now}::timestamptz
    order by c.code, c.valid_from desc, c.approved_at desc, c.revision desc`);
  const now = reader.now.getTime();
  const open = new Set(
    rows.filter(({ calendar }) => calendarOf(calendar, reader.timeZone).isOpen(now)).map(({ code }) => code),
  );
  return codes.map((code) => open.has(code));
});

/** Who is on duty for these teams at the instant of the request. */
export const teamsOnDuty = defineLoader(async (reader: Reader, teamIds) => {
  const byTeam = Map.groupBy(
    await onDutyAt(reader, teamIds, reader.now, reader.timeZone),
    (duty) => duty.teamId,
  );
  return teamIds.map((id) => byTeam.get(id) ?? []);
});
