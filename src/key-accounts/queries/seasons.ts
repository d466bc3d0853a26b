import type { PeakSeason } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { columns, type Sql, sql } from '../../platform/sql.ts';
import { reached, type ViewerSql } from '../../platform/visibility.ts';

export type SeasonRow = Omit<PeakSeason, 'startsOn' | 'endsOn'> & {
  readonly __typename: 'PeakSeason';
  readonly startsOn: string;
  readonly endsOn: string;
};

const SEASON_COLUMNS = sql`${columns('p', [
  'id',
  'name',
  'industry',
  'preparation',
  'recordedAt',
  'recordedById',
  'cancelledAt',
  'version',
])}, p.starts_on::text as "startsOn", p.ends_on::text as "endsOn", 'PeakSeason' as "__typename"`;

/** The calendar is for who may know of key accounts at all. */
export function seasonReadable(viewer: ViewerSql): Sql {
  return reached(
    viewer,
    ['read:ALL', 'read:AREA', 'read:ASSIGNED', 'mask:ALL'].map((right) => [`keyAccount:${right}`, sql`true`]),
  );
}

export const seasonById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<SeasonRow>(sql`
      select ${SEASON_COLUMNS} from peak_season p
      where p.id = any(${[...ids]}::uuid[]) and ${seasonReadable(reader.sees)}`),
  ),
);

export const SEASON_FIELDS = {
  name: { kind: 'String', column: sql`p.name` },
  startsOn: { kind: 'String', column: sql`p.starts_on::text` },
  endsOn: { kind: 'String', column: sql`p.ends_on::text` },
  cancelledAt: { kind: 'DateTime', column: sql`p.cancelled_at` },
} as const satisfies Record<string, ListField>;

/** By the index peak_season(starts_on, id). */
export function seasonList(reader: Reader): ListSource {
  const visible = seasonReadable(reader.sees);
  return {
    from: sql`peak_season p`,
    id: sql`p.id`,
    select: SEASON_COLUMNS,
    visible,
    full: visible,
    fields: SEASON_FIELDS,
  };
}
