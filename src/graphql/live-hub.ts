import { setTimeout } from 'node:timers/promises';
import { type DocumentNode, type ExecutionResult, execute, type GraphQLSchema } from 'graphql';
import { eventDefinition, type LiveFeed } from '../events.ts';
import { entryOf } from '../lib/maps.ts';
import type { Locale } from '../lib/text.ts';
import type { Viewer } from '../organisation/rules/viewer.ts';
import { type Database, isConnectionFailure } from '../platform/database.ts';
import {
  decideEventLevels,
  type EventLevels,
  isAddressed,
  isOfKind,
  type RightsBySubject,
} from '../platform/event-rights.ts';
import { type Feed, readEvents, readHead, type StreamEvent, whyNotResumable } from '../platform/feed.ts';
import type { Log } from '../platform/log.ts';
import { causedBy, type Tracing } from '../platform/tracing.ts';
import type { AccessLevel } from '../platform/visibility.ts';
import type { Context } from './context.ts';

/** The feeds of the schema. */
export type FeedName = LiveFeed | 'liveEvents';

/** What a subscriber asked to hear. */
export interface LiveFilter {
  readonly kinds: readonly string[] | null;
  readonly severities: readonly string[] | null;
  readonly levels: readonly string[] | null;
  readonly subjectId: string | null;
  readonly addressedToMe: boolean;
}

/** An item of a feed on its way into the schema. */
export type LiveItem =
  | {
      readonly __typename: string;
      readonly event: StreamEvent;
      readonly cursor: string;
      readonly level: AccessLevel;
    }
  | { readonly __typename: 'Heartbeat'; readonly cursor: string; readonly at: Date }
  | { readonly __typename: 'StreamReset'; readonly oldest: string | null; readonly reason: string };

/** A client's end of a subscription: takes frames in order, and says how full it is. */
export interface LiveSink {
  /** `payload` is the execution result as JSON; the same text goes to every member of a group. */
  send(payload: string, cursor: string): void;
  /** True while the client has not taken what was sent before; it is then paused, and catches up later. */
  readonly congested: boolean;
  /** Waits until the client has taken most of what was sent; false when it does not within the time it is given. */
  drained(): Promise<boolean>;
  close(reason: CloseReason): void;
}

export type CloseReason = 'TOKEN_EXPIRED' | 'NO_LONGER_ALLOWED' | 'TOO_SLOW' | 'SHUTTING_DOWN';

export interface LiveRequest {
  readonly feed: FeedName;
  readonly document: DocumentNode;
  readonly operationName: string | null;
  /** As the operation declares them. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** Variables without the cursor: members that agree in them share frames. */
  readonly sharedKey: string;
  readonly filter: LiveFilter;
  readonly after: string | null;
  readonly locale: Locale;
  readonly subject: string;
  readonly expiresAt: Date;
  /** The document selects more than the event's card, so that it is executed for each viewer. */
  readonly perViewer: boolean;
  readonly sink: LiveSink;
}

interface Member {
  readonly request: LiveRequest;
  /** The group while live; null while catching up. */
  group: Group | null;
  /** Everything up to here has been sent or passed over. */
  position: number;
  /** The stream that the position is in. */
  epoch: string;
  gone: boolean;
  /** Events that it was sent, replayed ones too. */
  events: number;
  readonly onLeft: OnLeft;
}

/** Members that share document, variables and language: one execution and one frame serve them all. */
interface Group {
  readonly key: string;
  readonly request: LiveRequest;
  readonly members: Set<Member>;
}

/** Told once why a subscription has ended (null: the client left) and how many events it was sent. */
export type OnLeft = (reason: CloseReason | null, events: number) => void;

export interface LiveHub {
  /** Joins a feed; the returned function leaves it. */
  join(request: LiveRequest, onLeft: OnLeft): () => void;
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly subscribers: number;
}

export interface LiveHubOptions {
  readonly schema: GraphQLSchema;
  readonly database: Database;
  readonly feed: Feed;
  readonly rights: RightsBySubject;
  readonly log: Log;
  readonly tracing: Tracing | null;
  readonly now: () => Date;
  readonly heartbeatMs: number;
  /** Called with every batch before it is delivered: the directory is read again when it has changed. */
  readonly onEvents: (events: readonly StreamEvent[]) => Promise<void>;
  /** Called when the stream is another: what was read of the database before may be another's. */
  readonly onNewStream: () => Promise<void>;
  readonly findViewer: (subject: string, now: Date) => Viewer | null;
  readonly contextFor: (viewer: Viewer, now: Date, locale: Locale) => Context;
  readonly onFrames: (count: number) => void;
  readonly maskResult: (result: ExecutionResult) => ExecutionResult;
}

/** The types of the events that have a feed of their own. */
const ITEM_TYPES: Readonly<Record<LiveFeed, string>> = {
  complaintEscalations: 'ComplaintEscalation',
  keyAccountAlerts: 'KeyAccountAlert',
  dashboardChanged: 'DashboardChange',
};

/** An event as an item of a feed. */
export function eventItem(event: StreamEvent, level: AccessLevel, cursor: string): LiveItem {
  const special = eventDefinition(event.kind)?.feed;
  return { __typename: special ? ITEM_TYPES[special] : 'GeneralEvent', event, level, cursor };
}

const REPLAY_BATCH = 100;
const RETRY_MS = 500;
/** Rights, employment and tokens of open subscriptions are looked at again this often, at the latest. */
const RECHECK_MS = 2_000;

/** Delivers the stream to the subscribers of this process, in order, as the rights of each stand. */
export function createLiveHub(options: LiveHubOptions): LiveHub {
  const { database, feed, rights, log, tracing, now } = options;
  const groups = new Map<string, Group>();
  const everybody = new Set<Member>();
  const documentIds = new WeakMap<DocumentNode, number>();
  let documents = 0;
  let heartbeatTimer: NodeJS.Timeout | undefined;
  let recheckTimer: NodeJS.Timeout | undefined;
  let tail: Promise<unknown> = Promise.resolve();

  /** Deliveries and heartbeats happen one after another, so that a heartbeat's cursor is never ahead of an event. */
  function serially(work: () => Promise<void>): Promise<void> {
    const result = tail.then(work);
    tail = result.catch(() => {});
    return result;
  }

  function groupOf(request: LiveRequest): Group {
    const id = entryOf(documentIds, request.document, () => {
      documents += 1;
      return documents;
    });
    const own = request.perViewer || request.filter.addressedToMe ? request.subject : '';
    const key = [id, request.operationName, request.sharedKey, request.locale, own].join('\u0000');
    return entryOf(groups, key, () => ({ key, request, members: new Set<Member>() }));
  }

  function cursorAt(seq: number): string {
    return `${feed.epoch}.${seq}`;
  }

  async function frame(request: LiveRequest, item: LiveItem, context: Context): Promise<string> {
    const result = await execute({
      schema: options.schema,
      document: request.document,
      operationName: request.operationName,
      variableValues: request.variables,
      rootValue: item,
      contextValue: context,
    });
    // An event whose content could not be read is delivered later, rather than without it.
    const lost = result.errors?.find((error) => isConnectionFailure(error.originalError));
    if (lost) throw lost;
    await context.settle();
    return JSON.stringify(options.maskResult(result));
  }

  function wants(request: LiveRequest, event: StreamEvent, viewer: Viewer): boolean {
    const { filter } = request;
    const definition = eventDefinition(event.kind);
    if (!definition || definition.internal) return false;
    if (request.feed === 'liveEvents' ? definition.signal : definition.feed !== request.feed) return false;
    if (filter.kinds && !isOfKind(event.kind, filter.kinds)) return false;
    if (filter.severities && !filter.severities.includes(event.severity)) return false;
    if (filter.levels && !filter.levels.includes(String(event.payload.level))) return false;
    if (filter.subjectId && event.subjectId !== filter.subjectId) return false;
    return !filter.addressedToMe || isAddressed(event.audience, viewer);
  }

  function itemOf(event: StreamEvent, level: AccessLevel): LiveItem {
    return eventItem(event, level, cursorAt(event.seq));
  }

  /** The members that are still who they were; the others are closed. Each subject is looked up once. */
  function viewersOf(members: Iterable<Member>, at: Date): Map<Member, Viewer> {
    const bySubject = new Map<string, Viewer | null>();
    const viewers = new Map<Member, Viewer>();
    for (const member of members) {
      const { subject, expiresAt } = member.request;
      if (expiresAt <= at) {
        leave(member, 'TOKEN_EXPIRED');
        continue;
      }
      const viewer = entryOf(bySubject, subject, () => options.findViewer(subject, at));
      if (viewer) viewers.set(member, viewer);
      else leave(member, 'NO_LONGER_ALLOWED');
    }
    return viewers;
  }

  /** A failed batch is lost to nobody: its members catch up from where each of them stands. */
  async function deliver(events: readonly StreamEvent[]): Promise<void> {
    try {
      await causedBy(
        tracing,
        'deliver',
        { 'switchyard.events': events.length, 'switchyard.event.kind': events[0]?.kind },
        events.map((event) => event.traceparent),
        () => deliverBatch(events),
      );
    } catch (error) {
      log.warn({ err: error }, 'live: a batch could not be delivered, its subscribers catch up');
      for (const member of [...groups.values()].flatMap((group) => [...group.members])) catchUp(member);
    }
  }

  async function deliverBatch(events: readonly StreamEvent[]): Promise<void> {
    await options.onEvents(events);
    // Who joins from here on has replayed up to the feed's position, which this batch has moved already.
    const live = [...groups.values()].filter((group) => group.members.size > 0);
    if (live.length === 0) return;
    const at = now();
    const viewers = viewersOf(
      live.flatMap((group) => [...group.members]),
      at,
    );
    const distinct = [...new Set(viewers.values())];
    const levels = await decideEventLevels(database, rights, events, distinct, at);
    const contexts = new Map<string, Context>();
    for (const event of events) {
      for (const group of live) await deliverToGroup(group, event, viewers, levels, contexts, at);
    }
    const last = events.at(-1)?.seq ?? 0;
    for (const member of viewers.keys()) {
      member.position = Math.max(member.position, last);
      if (member.request.sink.congested) catchUp(member);
    }
  }

  async function deliverToGroup(
    group: Group,
    event: StreamEvent,
    viewers: ReadonlyMap<Member, Viewer>,
    levels: EventLevels,
    contexts: Map<string, Context>,
    at: Date,
  ): Promise<void> {
    const receivers: Record<'FULL' | 'MASKED', Member[]> = { FULL: [], MASKED: [] };
    for (const member of group.members) {
      const viewer = viewers.get(member);
      if (!viewer || member.gone || member.position >= event.seq || !wants(group.request, event, viewer))
        continue;
      const level = levels(event, viewer);
      if (level !== 'NONE') receivers[level].push(member);
    }
    for (const level of ['FULL', 'MASKED'] as const) {
      const [first] = receivers[level];
      const viewer = first && viewers.get(first);
      if (!viewer) continue;
      const contextKey = `${viewer.employeeId} ${group.request.locale}`;
      const context = entryOf(contexts, contextKey, () =>
        options.contextFor(viewer, at, group.request.locale),
      );
      const item = itemOf(event, level);
      const payload = await frame(group.request, item, context);
      for (const member of receivers[level]) {
        member.request.sink.send(payload, cursorAt(event.seq));
        member.events += 1;
        member.position = event.seq;
      }
      options.onFrames(receivers[level].length);
    }
  }

  async function heartbeat(): Promise<void> {
    const at = now();
    for (const group of groups.values()) {
      const viewers = viewersOf(group.members, at);
      const [viewer] = viewers.values();
      if (!viewer) continue;
      const cursor = cursorAt(Math.min(...[...viewers.keys()].map((member) => member.position)));
      const payload = await frame(
        group.request,
        { __typename: 'Heartbeat', cursor, at },
        options.contextFor(viewer, at, group.request.locale),
      );
      for (const member of viewers.keys()) member.request.sink.send(payload, cursor);
    }
  }

  /** Takes a member out of its group until it has been sent everything up to the feed's position. */
  function catchUp(member: Member, first?: () => Promise<void>): void {
    removeFromGroup(member);
    void (async () => {
      let greeting = first;
      while (!member.gone) {
        try {
          await greeting?.();
          greeting = undefined;
          if (await replay(member)) return;
        } catch (error) {
          log.warn({ err: error }, 'live: a subscription could not catch up, it tries again');
          await setTimeout(RETRY_MS);
        }
      }
    })();
  }

  /** Sends what a member has missed, in batches that share a context; true when it is live again or gone. */
  async function replay(member: Member): Promise<boolean> {
    const { request } = member;
    while (!member.gone) {
      if (!(await request.sink.drained())) leave(member, 'TOO_SLOW');
      // Whatever a position of the stream before means in this one, it is not what the member has seen.
      if (member.epoch !== feed.epoch) await reset(member, 'OTHER_STREAM');
      if (member.position >= feed.position) {
        // No await between this look and joining: a batch handed out from here on finds the member.
        if (!member.gone) joinGroup(member);
        return true;
      }
      const events = await readEvents(database, member.position, REPLAY_BATCH);
      const [first] = events;
      if (first && first.seq !== member.position + 1) {
        await reset(member, 'RETENTION');
        continue;
      }
      const at = now();
      const viewer = viewersOf([member], at).get(member);
      if (!viewer) return true;
      const levels = await decideEventLevels(database, rights, events, [viewer], at);
      const context = options.contextFor(viewer, at, request.locale);
      for (const event of events) {
        const level = levels(event, viewer);
        if (level !== 'NONE' && wants(request, event, viewer)) {
          const payload = await frame(request, itemOf(event, level), context);
          if (member.gone) return true;
          request.sink.send(payload, cursorAt(event.seq));
          member.events += 1;
          options.onFrames(1);
        }
        member.position = event.seq;
      }
    }
    return true;
  }

  function joinGroup(member: Member): void {
    member.group = groupOf(member.request);
    member.group.members.add(member);
  }

  function removeFromGroup(member: Member): void {
    const { group } = member;
    member.group = null;
    group?.members.delete(member);
    if (group?.members.size === 0) groups.delete(group.key);
  }

  /** The first frame tells where the stream stands: a heartbeat, or a reset when the cursor cannot be resumed. */
  async function greet(member: Member): Promise<void> {
    const { after } = member.request;
    member.epoch = feed.epoch;
    member.position = feed.position;
    if (after !== null) {
      const head = await readHead(database);
      const [epoch = '', sequence] = after.split('.');
      const seq = Number(sequence);
      const reason = whyNotResumable({ epoch, seq }, head);
      if (reason) return reset(member, reason);
      member.position = seq;
    }
    await sendTo(member, { __typename: 'Heartbeat', cursor: cursorAt(member.position), at: now() });
  }

  async function reset(member: Member, reason: string): Promise<void> {
    const head = await readHead(database);
    member.epoch = feed.epoch;
    member.position = feed.position;
    await sendTo(member, { __typename: 'StreamReset', oldest: cursorAt(head.oldest - 1), reason });
  }

  async function sendTo(member: Member, item: LiveItem): Promise<void> {
    const at = now();
    const viewer = viewersOf([member], at).get(member);
    if (!viewer) return;
    const payload = await frame(member.request, item, options.contextFor(viewer, at, member.request.locale));
    if (!member.gone) member.request.sink.send(payload, cursorAt(member.position));
  }

  function leave(member: Member, reason: CloseReason | null): void {
    if (member.gone) return;
    member.gone = true;
    everybody.delete(member);
    removeFromGroup(member);
    member.onLeft(reason, member.events);
    if (reason) member.request.sink.close(reason);
  }

  return {
    get subscribers() {
      return everybody.size;
    },
    join(request, onLeft) {
      const member: Member = { request, group: null, position: 0, epoch: '', gone: false, events: 0, onLeft };
      everybody.add(member);
      catchUp(member, () => greet(member));
      return () => leave(member, null);
    },
    async start() {
      await feed.start({
        onEvents: (events) => serially(() => deliver(events)),
        onNewStream: () =>
          serially(async () => {
            await options.onNewStream();
            // Who is catching up meets the change there.
            for (const member of [...groups.values()].flatMap((group) => [...group.members])) catchUp(member);
          }),
      });
      heartbeatTimer = setInterval(() => {
        serially(heartbeat).catch((error: unknown) => log.warn({ err: error }, 'live: a heartbeat failed'));
      }, options.heartbeatMs);
      recheckTimer = setInterval(() => viewersOf([...everybody], now()), RECHECK_MS);
    },
    async stop() {
      clearInterval(heartbeatTimer);
      clearInterval(recheckTimer);
      for (const member of [...everybody]) leave(member, 'SHUTTING_DOWN');
      await feed.stop();
      await tail;
    },
  };
}
