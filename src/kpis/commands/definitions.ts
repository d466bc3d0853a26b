import { newId } from '../../lib/ids.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { KPIS } from '../definitions/index.ts';

/**
 * Keeps every version of every definition as it stood when a process first started with it, so that a kept value can be
 * explained after its definition has changed (KPM-03).
 */
export async function recordDefinitions(tx: Command): Promise<void> {
  const rows = KPIS.map(({ key, version, title, unit, direction, formula, owner, source }) => ({
    id: newId(),
    key,
    version,
    title: title.zh,
    title_en: title.en,
    unit,
    direction,
    formula,
    owner,
    source,
  }));
  await tx.query(sql`
    insert into kpi_definition (id, key, version, title, title_en, unit, direction, formula, owner, source)
    select d.id, d.key, d.version, d.title, d.title_en, d.unit::"KpiUnit", d.direction::"KpiDirection", d.formula, d.owner, d.source
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as d(
      id uuid, key text, version int, title text, title_en text, unit text, direction text, formula text, owner text, source text)
    on conflict (key, version) do nothing
    returning 1 as written`);
}
