import { EVENTS, eventDefinition, type SubjectType } from '../events.ts';
import type { StreamEvent } from './feed.ts';
import type { Audience } from './outbox.ts';
import { type Queryable, type Sql, sql } from './sql.ts';
import {
  type AccessLevel,
  accessLevel,
  type ViewerConstants,
  type ViewerSql,
  viewerTable,
} from './visibility.ts';

/** Where the rows of a subject type are (alias `s`), and the area's visibility fragment over them. */
export interface SubjectRights {
  readonly from: Sql;
  readonly level: (viewer: ViewerSql, row: Sql) => Sql;
}

export type RightsBySubject = Readonly<Record<SubjectType, SubjectRights>>;

/** A connected viewer, with what an audience can name. */
export interface EventViewer extends ViewerConstants {
  readonly roles: readonly string[];
}

/** Answers how much of an event a viewer may see. */
export type EventLevels = (event: StreamEvent, viewer: EventViewer) => AccessLevel;

/**
 * Decides for a batch of events and all connected viewers at once: one statement per subject type, over the same
 * visibility fragments that lists and nodes use, as the rights stand now.
 */
export async function decideEventLevels(
  db: Queryable,
  rights: RightsBySubject,
  events: readonly StreamEvent[],
  viewers: readonly EventViewer[],
  now: Date,
): Promise<EventLevels> {
  const places = new Map(viewers.map((viewer, place) => [viewer, place]));
  const levels = new Map<string, Uint8Array>();
  const bySubject = Map.groupBy(
    events.filter((event) => event.subjectType !== null && event.subjectId !== null),
    (event) => event.subjectType as SubjectType,
  );
  for (const [subjectType, subjectEvents] of bySubject) {
    const subject = rights[subjectType];
    const table = viewerTable(viewers, now);
    const ids = [...new Set(subjectEvents.map((event) => event.subjectId))];
    const rows = await db.query<{ id: string; full: number[] | null; masked: number[] | null }>(sql`
      select s.id,
             array_agg(v.place) filter (where l.level = 2) as full,
             array_agg(v.place) filter (where l.level = 1) as masked
      from ${subject.from}
      cross join ${table.from}
      cross join lateral (select ${subject.level(table.viewer, sql`s`)} as level) l
      where s.id = any(${ids}::uuid[])
      group by s.id`);
    for (const row of rows) {
      const byPlace = new Uint8Array(viewers.length);
      for (const place of row.masked ?? []) byPlace[place] = 1;
      for (const place of row.full ?? []) byPlace[place] = 2;
      levels.set(`${subjectType}:${row.id}`, byPlace);
    }
  }
  return (event, viewer) => {
    const definition = eventDefinition(event.kind);
    if (!definition || definition.internal) return 'NONE';
    if (definition.restricted && !isAddressed(event.audience, viewer)) return 'NONE';
    if (definition.subject === null) return definition.restricted ? 'FULL' : 'NONE';
    const place = places.get(viewer);
    if (place === undefined) return 'NONE';
    const level = accessLevel(levels.get(`${event.subjectType}:${event.subjectId}`)?.[place] ?? 0);
    // What happened to a record is more than its card: of a masked one only those hear whom the rules name.
    return level === 'MASKED' && !isAddressed(event.audience, viewer) ? 'NONE' : level;
  };
}

/** True when the audience names the viewer: by role, by person or by department. */
export function isAddressed(audience: Audience, viewer: EventViewer): boolean {
  return (
    (audience.employees?.includes(viewer.employeeId) ?? false) ||
    (audience.departments?.includes(viewer.departmentId) ?? false) ||
    (audience.roles?.some((role) => viewer.roles.includes(role)) ?? false)
  );
}

/** The kind that a kind is a special case of; null for most. */
export function generalKindOf(kind: string): string | null {
  return eventDefinition(kind)?.specialCaseOf ?? null;
}

/** True when the kind is one of those asked for, or a special case of one. */
export function isOfKind(kind: string, asked: readonly string[]): boolean {
  const general = generalKindOf(kind);
  return asked.includes(kind) || (general !== null && asked.includes(general));
}

/** The kinds of the general feeds, as clients can name them. */
export const PUBLIC_KINDS = (Object.keys(EVENTS) as (keyof typeof EVENTS)[]).filter(
  (kind) => !('internal' in EVENTS[kind] || 'signal' in EVENTS[kind]),
);
