import type { Setting } from '../generated/prisma/client.ts';
import { Forbidden } from '../lib/errors.ts';
import type { Reader } from '../organisation/queries.ts';
import { rolesWith } from '../organisation/rules/permissions.ts';
import { defineLoader, inOrder } from '../platform/loaders.ts';
import type { SettingDefinition } from '../platform/settings-register.ts';
import { columns, type Sql, sql } from '../platform/sql.ts';
import { reached, type ViewerSql } from '../platform/visibility.ts';
import { SETTINGS } from '../settings.ts';

export type SettingChangeRow = Setting & { readonly __typename: 'SettingChange' };

const CHANGE_COLUMNS = sql`${columns('s', [
  'id',
  'key',
  'value',
  'validFrom',
  'proposedById',
  'proposedAt',
  'reason',
  'approvedById',
  'approvedAt',
  'refusedById',
  'refusedAt',
  'decisionReason',
])}, 'SettingChange' as "__typename"`;

/** The one visibility fragment of the register's changes: all of them, or none (section 23). */
export function settingReadable(viewer: ViewerSql): Sql {
  return reached(viewer, [['setting:read:ALL', sql`true`]]);
}

/** The register, for those who may read it. */
export function register({ sees }: Pick<Reader, 'sees'>): readonly SettingDefinition[] {
  if (sees.holds('setting:read:ALL') !== true) throw new Forbidden(rolesWith('setting', 'read'));
  return SETTINGS;
}

export const settingChangeById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<SettingChangeRow>(sql`
      select ${CHANGE_COLUMNS} from setting s
      where s.id = any(${[...ids]}::uuid[]) and ${settingReadable(reader.sees)}`),
  ),
);

/** Changes of settings by key, newest first. By the index setting(key, valid_from). */
export const changesOfSetting = defineLoader(async (reader: Reader, keys) => {
  const rows = await reader.query<SettingChangeRow>(sql`
    select ${CHANGE_COLUMNS} from setting s
    where s.key = any(${[...keys]}::text[]) and ${settingReadable(reader.sees)}
    order by s.proposed_at desc, s.id desc`);
  const byKey = Map.groupBy(rows, (row) => row.key);
  return keys.map((key) => byKey.get(key) ?? []);
});
