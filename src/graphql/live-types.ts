import { PUBLIC_KINDS } from '../platform/event-rights.ts';
import { eventDefinition, type SubjectType } from '../events.ts';
import { fill, inLocale } from '../lib/text.ts';
import type { AccessLevel } from '../platform/visibility.ts';
import type { StreamEvent } from '../platform/feed.ts';
import { builder } from './builder.ts';
import { globalId, localId } from './ids.ts';
import { ENUMS } from './enums.ts';
import type { FeedName, LiveFilter } from './live-hub.ts';

/** An event as a subscriber receives it. */
export interface SeenEvent {
  readonly __typename: string;
  readonly event: StreamEvent;
  readonly cursor: string;
  readonly level: AccessLevel;
}

export const LiveEventKind = builder.enumType('LiveEventKind', {
  description: 'Kinds of live event (rulebook section 24).',
  values: Object.fromEntries(
    PUBLIC_KINDS.map((kind) => [
      kind,
      { description: `${eventDefinition(kind)?.source}: ${eventDefinition(kind)?.message.en}` },
    ]),
  ) as Record<string, { description: string }>,
});

export const SeverityType = builder.enumType('Severity', {
  description: 'How much an event matters to the person who hears it.',
  values: ['INFO', 'WARNING', 'HIGH', 'CRITICAL'] as const,
});

/** Marks a field that reads more than the event itself: a document that selects it is executed for each viewer. */
export const BEYOND_CARD = { extensions: { beyondCard: true } } as const;

/** Loads the subject of an event for the viewer who received it; areas register their entities. */
const subjectLoaders = new Map<
  SubjectType,
  (id: string, context: import('./context.ts').Context) => Promise<unknown>
>();

export function subjectLoader(
  type: SubjectType,
  load: (id: string, context: import('./context.ts').Context) => Promise<unknown>,
): void {
  subjectLoaders.set(type, load);
}

export const LiveEventInterface = builder.interfaceRef<SeenEvent>('LiveEvent').implement({
  description:
    'Something that happened, as one viewer may see it. Its own fields are its card; `subject` reads more.',
  fields: (t) => ({
    id: t.id({
      description: 'The same on every delivery of the event.',
      resolve: (seen) => globalId('LiveEvent', String(seen.event.seq)),
    }),
    cursor: t.field({
      type: 'Cursor',
      description: 'Resume after this event with it.',
      resolve: (seen) => seen.cursor,
    }),
    kind: t.field({ type: LiveEventKind, resolve: (seen) => seen.event.kind as never }),
    severity: t.field({ type: SeverityType, resolve: (seen) => seen.event.severity }),
    occurredAt: t.field({ type: 'DateTime', resolve: (seen) => seen.event.occurredAt }),
    message: t.string({
      description: 'For a person, in the language of the connection.',
      resolve: (seen, _args, context) => {
        const template = eventDefinition(seen.event.kind)?.message;
        return template ? inLocale(fill(template, seen.event.payload), context.locale) : seen.event.kind;
      },
    }),
    subject: t.field({
      type: builder.nodeInterfaceRef(),
      nullable: true,
      description: 'What it is about, read as the viewer may see it now; null when that is no longer so.',
      ...BEYOND_CARD,
      resolve: async (seen, _args, context) => {
        const { subjectType, subjectId } = seen.event;
        if (!subjectType || !subjectId) return null;
        return (await subjectLoaders.get(subjectType)?.(subjectId, context)) as never;
      },
    }),
  }),
});

export function payloadText(seen: SeenEvent, name: string): string | null {
  const value = seen.event.payload[name];
  return value === null || value === undefined ? null : String(value);
}

export function payloadNumber(seen: SeenEvent, name: string): number | null {
  const value = seen.event.payload[name];
  return typeof value === 'number' ? value : null;
}

export function payloadInstant(seen: SeenEvent, name: string): Date | null {
  const value = payloadText(seen, name);
  return value === null ? null : new Date(value);
}

const GeneralEvent = builder.objectRef<SeenEvent>('GeneralEvent').implement({
  description: 'An event without fields of its own beside those of every event.',
  interfaces: [LiveEventInterface],
  isTypeOf: (value) => (value as SeenEvent).__typename === 'GeneralEvent',
});

export const HeartbeatType = builder
  .objectRef<{ __typename: 'Heartbeat'; cursor: string; at: Date }>('Heartbeat')
  .implement({
    description:
      'The feed is alive and has delivered everything up to `cursor`. The first item of every subscription that resumes.',
    fields: (t) => ({
      cursor: t.field({ type: 'Cursor', resolve: (heartbeat) => heartbeat.cursor }),
      at: t.field({ type: 'DateTime', resolve: (heartbeat) => heartbeat.at }),
    }),
  });

export const StreamResetType = builder
  .objectRef<{ __typename: 'StreamReset'; oldest: string | null; reason: string }>('StreamReset')
  .implement({
    description:
      'The cursor cannot be resumed: read the present state again, the feed goes on from now. Reasons: OTHER_STREAM (a cursor of another or restored database), BEYOND_HEAD, RETENTION (events after it are no longer kept).',
    fields: (t) => ({
      oldest: t.field({
        type: 'Cursor',
        nullable: true,
        description: 'The oldest place that can still be resumed.',
        resolve: (reset) => reset.oldest,
      }),
      reason: t.exposeString('reason'),
    }),
  });

const StringIn = builder.inputType('LiveEventKindFilter', {
  description: 'A general kind finds its special cases too: TICKET_AT_RISK finds COMPLAINT_AT_RISK.',
  fields: (t) => ({ eq: t.field({ type: LiveEventKind }), in: t.field({ type: [LiveEventKind] }) }),
});
const SeverityFilter = builder.inputType('SeverityFilter', {
  fields: (t) => ({ eq: t.field({ type: SeverityType }), in: t.field({ type: [SeverityType] }) }),
});
const LevelFilter = builder.inputType('LiveEscalationLevelFilter', {
  fields: (t) => ({
    eq: t.field({ type: ENUMS.EscalationLevel }),
    in: t.field({ type: [ENUMS.EscalationLevel] }),
  }),
});

function filterInput(name: string, subject: string, withLevel: boolean) {
  return builder.inputType(name, {
    description: 'All given fields must hold.',
    fields: (t) => ({
      kind: t.field({ type: StringIn }),
      severity: t.field({ type: SeverityFilter }),
      subject: t.id({ description: `Only events about this ${subject}.` }),
      addressedToMe: t.boolean({
        description: 'Only events whose audience names me: my roles, my department or me.',
      }),
      ...(withLevel
        ? { level: t.field({ type: LevelFilter, description: 'Only escalations of these levels.' }) }
        : {}),
    }),
  });
}

/** Adds a feed. The transports deliver it through the live hub; `resolve` only hands the item on. */
function feedField(
  name: FeedName,
  itemName: string,
  description: string,
  members: readonly { name: string }[],
  where?: ReturnType<typeof filterInput>,
): void {
  const item = builder.unionType(itemName, {
    description: `What \`${name}\` delivers.`,
    types: [...members, HeartbeatType, StreamResetType] as never,
    resolveType: (value) => (value as { __typename: string }).__typename,
  });
  builder.subscriptionField(name, (t) =>
    t.field({
      type: item,
      description,
      args: {
        after: t.arg({
          type: 'Cursor',
          description:
            'Resume after this place: first what was missed, then live. Without it the feed starts now.',
        }),
        ...(where ? { where: t.arg({ type: where }) } : {}),
      },
      subscribe: () => {
        throw new Error('Live feeds are delivered by the live hub of a server.');
      },
      resolve: (value) => value as never,
    }),
  );
}

export function addFeeds(types: {
  ComplaintEscalation: { name: string };
  KeyAccountAlert: { name: string };
  DashboardChange: { name: string };
}): void {
  feedField(
    'complaintEscalations',
    'EscalationFeedItem',
    'Complaints that breach, are about to breach, or were escalated.',
    [types.ComplaintEscalation],
    filterInput('EscalationWhere', 'ticket', true),
  );
  feedField(
    'keyAccountAlerts',
    'KeyAccountAlertFeedItem',
    'Visits or contacts overdue, volume drops, contracts about to end, money overdue, grade candidates, of key accounts.',
    [types.KeyAccountAlert],
    filterInput('KeyAccountAlertWhere', 'key account', false),
  );
  feedField(
    'liveEvents',
    'LiveEventFeedItem',
    'Every live event that the viewer may see.',
    [types.ComplaintEscalation, types.KeyAccountAlert, GeneralEvent],
    filterInput('LiveEventWhere', 'entity', true),
  );
  feedField(
    'dashboardChanged',
    'DashboardFeedItem',
    'Tells which parts of a dashboard have other figures than before, so that only those are read again.',
    [types.DashboardChange],
  );
}

interface WhereInput {
  readonly kind?: { eq?: string | null; in?: string[] | null } | null;
  readonly severity?: { eq?: string | null; in?: string[] | null } | null;
  readonly level?: { eq?: string | null; in?: string[] | null } | null;
  readonly subject?: string | null;
  readonly addressedToMe?: boolean | null;
}

/** The `where` of a feed as the hub's filter; an id that is none of ours matches nothing. */
export function liveFilter(where: WhereInput | null | undefined): LiveFilter {
  const subject = where?.subject;
  return {
    kinds: choices(where?.kind),
    severities: choices(where?.severity),
    levels: choices(where?.level),
    subjectId: subject
      ? ((['Ticket', 'KeyAccount', 'Customer', 'Budget', 'AnomalyCase', 'Approval'] as const)
          .map((entity) => localId(subject, entity))
          .find(Boolean) ?? 'none')
      : null,
    addressedToMe: where?.addressedToMe ?? false,
  };
}

function choices(
  filter: { eq?: string | null; in?: string[] | null } | null | undefined,
): readonly string[] | null {
  if (!filter) return null;
  if (filter.eq && filter.in) return filter.in.includes(filter.eq) ? [filter.eq] : [];
  return filter.eq ? [filter.eq] : (filter.in ?? null);
}
