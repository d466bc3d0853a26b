import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BusinessCalendar,
  businessCalendar,
  type CalendarDefinition,
} from '../../src/lib/business-calendar.ts';
import { sql } from '../../src/platform/sql.ts';
import type { SlaFacts, SlaTerms } from '../../src/tickets/rules/sla-clock.ts';
import { ManualClock } from '../support/clock.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomer } from '../support/factories.ts';
import { mutate } from '../support/mutate.ts';
import { setSetting } from '../support/settings.ts';
import { MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';
import {
  countTicks,
  dayText,
  type Grid,
  gridOf,
  pick,
  type PlainCalendar,
  plainCalendar,
  type Random,
  runningIntervals,
  seeded,
} from '../tickets/slow-clock.ts';
import { changeCalendar, changePolicy } from './service-level-client.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let database: FreshDatabase;
let server: TestServer;
let clock: ManualClock;

beforeAll(async () => {
  database = await freshDatabase();
  clock = new ManualClock(MONDAY_9);
  server = await startTestServer({ database, clock });
}, 60_000);
afterAll(async () => {
  await server.stop();
  await database.drop();
});

const LIMIT = '{ dueAt warnAt state }';
const SLA = `sla { acknowledge ${LIMIT} firstResponse ${LIMIT} decision ${LIMIT} progress ${LIMIT} resolution ${LIMIT}
  timeline { from to kind reason duration } flags { code from to repliedAt }
  terms { from policy policyVersion calendar calendarVersion factor pausesWhileWaiting atRiskShare } recompute { state } }`;

async function act(name: string, input: object) {
  const { ticket, ...error } = await mutate(
    server,
    'HEAD',
    name,
    input,
    `ticket { id number version ${SLA} }`,
  );
  if (!ticket) throw new Error(`${name}: ${JSON.stringify(error)}`);
  return ticket;
}

async function slaOf(id: string) {
  const { data, errors } = await server.gql(
    'HEAD',
    `query ($id: ID!) { node(id: $id) { ... on Ticket { ${SLA} } } }`,
    { id },
  );
  expect(errors).toBeUndefined();
  return data.node.sla;
}

const KIND_OF = {
  acknowledge: 'ACKNOWLEDGE',
  firstResponse: 'FIRST_RESPONSE',
  decision: 'DECISION',
  progress: 'PROGRESS',
  resolution: 'RESOLUTION',
} as const;

describe('the clock through the API', () => {
  test('a pause that overlaps a reply of the customer is cut there, and says so', async () => {
    await changePolicy(server, 'INQUIRY', { pauseWhileWaiting: true });
    clock.set('2026-11-30T01:00:00.000Z');
    const { id: ticketId } = await act('ticketOpen', {
      category: 'INQUIRY',
      subject: 'x',
      content: 'x',
      channel: 'PHONE',
    });
    clock.advance(30 * MINUTE);
    await act('ticketWait', { ticketId, reason: 'Which city?' });
    clock.advance(HOUR + 1_000);
    await act('ticketReply', { ticketId, body: 'Qingdao.', fromCustomer: true });
    clock.advance(HOUR);
    await act('ticketResume', { ticketId });
    const sla = await slaOf(ticketId);
    expect(sla.flags).toEqual([
      {
        code: 'PAUSE_CUT_BY_REPLY',
        from: '2026-11-30T01:30:00.000Z',
        to: '2026-11-30T03:30:01.000Z',
        repliedAt: '2026-11-30T02:30:01.000Z',
      },
    ]);
    expect(sla.timeline.slice(0, 3)).toEqual([
      {
        from: '2026-11-30T01:00:00.000Z',
        to: '2026-11-30T01:30:00.000Z',
        kind: 'RUNNING',
        reason: 'OPEN',
        duration: 'PT30M',
      },
      {
        from: '2026-11-30T01:30:00.000Z',
        to: '2026-11-30T02:30:01.000Z',
        kind: 'PAUSED',
        reason: 'PAUSE_CUT_BY_REPLY',
        duration: 'PT1H1S',
      },
      {
        from: '2026-11-30T02:30:01.000Z',
        to: '2026-11-30T09:30:00.000Z',
        kind: 'RUNNING',
        reason: 'OPEN',
        duration: 'PT6H59M59S',
      },
    ]);
    const { data } = await server.gql(
      'HEAD',
      'query ($id: ID!) { node(id: $id) { ... on Ticket { sla { firstResponse { dueAt } timeline(limit: FIRST_RESPONSE) { to kind duration } none: timeline(limit: DECISION) { to } } } } }',
      { id: ticketId },
    );
    expect(
      data.node.sla.timeline.map(
        ({ kind, duration }: { kind: string; duration: string }) => `${kind} ${duration}`,
      ),
    ).toEqual(['RUNNING PT30M', 'PAUSED PT1H1S', 'RUNNING PT1H30M']);
    expect(data.node.sla.timeline.at(-1).to).toBe(data.node.sla.firstResponse.dueAt);
    expect(data.node.sla.none).toEqual([]);
    // The setting says what a policy leaves open; the policy goes before it.
    expect(sla.terms).toEqual([
      {
        from: '2026-11-30T01:00:00.000Z',
        policy: 'INQUIRY',
        policyVersion: 2,
        calendar: 'BUSINESS_HOURS',
        calendarVersion: 1,
        factor: '1',
        pausesWhileWaiting: true,
        atRiskShare: '0.8',
      },
    ]);
  });

  /** A ticket as the test has seen it become what it is. */
  interface Story {
    readonly id: string;
    readonly category: 'INQUIRY' | 'SHIPMENT_QUERY' | 'COMPLAINT';
    readonly customer: { readonly nodeId: string };
    grade: string;
    customerVersion: number;
    severity: 'GENERAL' | 'SERIOUS';
    waiting: boolean;
    facts: { -readonly [Field in keyof SlaFacts]: SlaFacts[Field] };
  }

  interface Policy {
    readonly calendar: string;
    readonly limits: SlaTerms['limits'];
    readonly pauses: boolean;
  }

  const ROUNDS = 6;
  const TICKETS_EACH = 7;
  const STEPS_EACH = 40;

  test('[TIC-36] random calendars, policies and histories: the ticket, its timeline and the sweep agree with a count of every second', async () => {
    await setSetting(server, 'sla.atRisk', 0.8);
    let compared = 0;
    let paused = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const random = seeded(`round ${round}`);
      const timeZone = pick(random, ['Asia/Shanghai', 'America/New_York', 'Europe/Berlin']);
      // Around a change of the clocks where the zone has one.
      const firstDay = ['2027-10-18', '2027-03-02', '2028-10-19', '2028-03-15', '2029-10-18', '2029-03-02'][
        round
      ] as string;
      const grid = gridOf(timeZone, firstDay, SECOND, 34);
      const world = new World(random, grid, timeZone);
      clock.set(new Date(grid.start + random(HOUR / SECOND) * SECOND));
      await world.begin();
      for (let i = 0; i < TICKETS_EACH; i++) {
        clock.advance(random(3 * 3_600) * SECOND);
        await world.open();
      }
      for (let i = 0; i < STEPS_EACH; i++) {
        clock.advance((1 + random(2 * 3_600)) * SECOND);
        await world.step();
      }
      clock.advance(random(6 * 3_600) * SECOND);
      await server.sweep();
      const now = clock.now().getTime();
      for (const story of world.stories) {
        const shown = await slaOf(story.id);
        const expected = countTicks(story.facts, now, grid, world.calendars);
        const actual = Object.entries(KIND_OF).flatMap(([field, kind]) => {
          const limit = shown[field];
          if (!limit) return [];
          const at = (instant: string | null) => (instant === null ? null : Date.parse(instant));
          return [{ kind, dueAt: at(limit.dueAt), warnAt: at(limit.warnAt), state: limit.state }];
        });
        const told = `round ${round} ${story.category}: ${JSON.stringify(story.facts)} at ${new Date(now).toISOString()}`;
        expect(actual, told).toEqual(expected.limits);
        const timeline = shown.timeline.map((segment: { from: string; to: string; kind: string }) => ({
          ...segment,
          from: Date.parse(segment.from),
          to: Date.parse(segment.to),
        }));
        expect(runningIntervals(timeline, grid), told).toEqual(expected.running);
        expect(await obligationsOf(story.id), told).toEqual(unmet(expected.limits));
        paused += expected.limits.filter(({ state }) => state === 'PAUSED').length;
        compared += actual.length;
      }
    }
    expect(compared).toBeGreaterThan(ROUNDS * TICKETS_EACH * 2);
    expect(paused).toBeGreaterThan(5);
  }, 240_000);

  /** What the sweep waits for, by limit. */
  async function obligationsOf(ticketId: string) {
    const number = (
      await server.gql('HEAD', 'query ($id: ID!) { node(id: $id) { ... on Ticket { number } } }', {
        id: ticketId,
      })
    ).data.node.number;
    const rows = await server.services.database.query<{
      kind: string;
      dueAt: Date | null;
      warnAt: Date | null;
    }>(sql`
      select substr(o.kind, 8) as kind, o.due_at as "dueAt", o.warn_at as "warnAt"
      from obligation o join ticket t on t.id = o.subject_id
      where t.number = ${number} and o.kind like 'TICKET\\_%' and o.state not in ('MET', 'CANCELLED')
        and substr(o.kind, 8) = any(${Object.values(KIND_OF)}::text[])
      order by array_position(${Object.values(KIND_OF)}::text[], substr(o.kind, 8))`);
    return rows.map(({ kind, dueAt, warnAt }) => ({
      kind,
      dueAt: dueAt?.getTime() ?? null,
      warnAt: warnAt?.getTime() ?? null,
    }));
  }

  function unmet(limits: ReturnType<typeof countTicks>['limits']) {
    return limits
      .filter(({ state }) => !['MET', 'MET_LATE', 'CANCELLED'].includes(state))
      .map(({ kind, dueAt, warnAt }) => ({ kind, dueAt, warnAt }));
  }

  /** Does things to tickets and service levels through the API, and writes down what must come of them. */
  class World {
    readonly stories: Story[] = [];
    readonly calendars = new Map<BusinessCalendar, PlainCalendar>();
    readonly #inForce = new Map<string, BusinessCalendar>();
    readonly #policies = new Map<string, Policy>();
    readonly #random: Random;
    readonly #grid: Grid;
    readonly #timeZone: string;

    constructor(random: Random, grid: Grid, timeZone: string) {
      this.#random = random;
      this.#grid = grid;
      this.#timeZone = timeZone;
    }

    async begin() {
      // Clocks of the rounds before are none of this one's.
      await server.services.database.query(
        sql`update ticket set status = 'CANCELLED', updated_at = ${clock.now()}::timestamptz where status <> 'CANCELLED'`,
      );
      await server.services.database.query(
        sql`update obligation set next_at = null, state = 'CANCELLED' where kind like 'TICKET\\_%'`,
      );
      const aroundTheClock = businessCalendar({ ...CLOSED, alwaysOpen: true });
      this.#keep('ALWAYS_OPEN', aroundTheClock, { ...CLOSED, alwaysOpen: true });
      await this.#changeCalendar();
      for (const code of ['INQUIRY', 'SHIPMENT_QUERY', 'COMPLAINT_GENERAL', 'COMPLAINT_SERIOUS'])
        await this.#changePolicy(code);
    }

    async open() {
      const category = pick(this.#random, ['INQUIRY', 'SHIPMENT_QUERY', 'COMPLAINT'] as const);
      const grade = pick(this.#random, ['A', 'B', 'C']);
      const customer = await makeCustomer(server, { grade: grade as 'A' });
      const startedAt = clock.now().getTime() - this.#random(1_800) * SECOND;
      const severity = category === 'COMPLAINT' && this.#random(3) === 0 ? 'SERIOUS' : 'GENERAL';
      const { id } = await act('ticketOpen', {
        category,
        subject: 'x',
        content: 'x',
        channel: 'PHONE',
        callerName: 'Li Lei',
        callerPhone: '13900000000',
        customerId: customer.nodeId,
        openedAt: new Date(startedAt).toISOString(),
        ...(severity === 'SERIOUS' ? { severity } : {}),
      });
      const story: Story = {
        id,
        category,
        customer,
        grade,
        customerVersion: 1,
        severity,
        waiting: false,
        facts: {
          startedAt,
          terms: [],
          waits: [],
          customerReplies: [],
          acknowledgedAt: null,
          firstRespondedAt: null,
          planProposedAt: null,
          decidedAt: null,
          progressNoticesAt: [],
          resolvedAt: null,
          cancelledAt: null,
        },
      };
      story.facts.terms = [this.#termsOf(story, startedAt)];
      this.stories.push(story);
    }

    async step() {
      const story = pick(this.#random, this.stories);
      const { id: ticketId, facts } = story;
      const now = clock.now().getTime();
      switch (this.#random(10)) {
        case 0:
          return this.#changePolicy(pick(this.#random, ['INQUIRY', 'SHIPMENT_QUERY', 'COMPLAINT_GENERAL']));
        case 1:
          return this.#changeCalendar();
        case 2:
          story.grade = pick(
            this.#random,
            ['A', 'B', 'C'].filter((grade) => grade !== story.grade),
          );
          await mutate(server, 'HEAD', 'customerGrade', {
            customerId: story.customer.nodeId,
            grade: story.grade,
            reason: 'x',
            expectedVersion: story.customerVersion++,
          });
          return this.#renew(now);
        case 3:
          if (story.category !== 'COMPLAINT' || story.severity === 'SERIOUS') return;
          story.severity = 'SERIOUS';
          await act('ticketRaiseSeverity', { ticketId, reason: 'x' });
          return this.#renew(now);
        case 4:
          await act('ticketReply', { ticketId, body: 'x', fromCustomer: true });
          facts.customerReplies = [...facts.customerReplies, now];
          return;
        case 5:
          if (story.category === 'COMPLAINT' && facts.acknowledgedAt === null) {
            await act('ticketAcknowledge', { ticketId, promise: 'Soon.' });
            facts.acknowledgedAt = now;
          }
          return;
        default:
          // Waits and their ends, by and by.
          if (story.waiting) {
            await act('ticketResume', { ticketId });
            facts.waits = [...facts.waits.slice(0, -1), { from: facts.waits.at(-1)?.from ?? now, to: now }];
          } else {
            await act('ticketWait', { ticketId, reason: 'x' });
            facts.waits = [...facts.waits, { from: now, to: null }];
          }
          story.waiting = !story.waiting;
      }
    }

    async #changeCalendar() {
      const definition = randomCalendar(this.#random, this.#grid, this.#timeZone);
      await changeCalendar(server, 'RANDOM', {
        name: '随机',
        nameEn: 'Random',
        timeZone: definition.timeZone,
        alwaysOpen: false,
        weekly: WEEKDAYS.flatMap((weekday, i) => {
          const windows = definition.weekly[String(i + 1) as '1'];
          return windows.length > 0 ? [{ weekday, windows }] : [];
        }),
        holidays: definition.holidays,
        extraWorkdays: definition.extraWorkdays,
      });
      this.#keep('RANDOM', businessCalendar(definition), definition);
      this.#renew(clock.now().getTime());
    }

    #keep(code: string, calendar: BusinessCalendar, definition: CalendarDefinition) {
      // The same hours under a new version are another calendar to a clock.
      this.calendars.set(calendar, plainCalendar(definition, this.#grid));
      this.#inForce.set(code, calendar);
    }

    async #changePolicy(code: string) {
      const complaint = code.startsWith('COMPLAINT');
      const span = (hours: number) =>
        `PT${1 + this.#random(hours)}H${2 * this.#random(30)}M${2 * this.#random(30)}S`;
      const day = () => pick(this.#random, ['P1D', 'P2D', span(12)]);
      const limits = {
        ACKNOWLEDGE: complaint ? `PT${10 + 2 * this.#random(30)}M` : null,
        FIRST_RESPONSE: span(8),
        DECISION: code === 'COMPLAINT_SERIOUS' ? span(6) : null,
        PROGRESS: code === 'INQUIRY' ? null : complaint ? span(24) : day(),
        RESOLUTION: complaint ? span(72) : day(),
      };
      const pauses = !complaint && this.#random(4) > 0;
      const calendar = complaint ? 'ALWAYS_OPEN' : 'RANDOM';
      await changePolicy(server, code, {
        calendarCode: calendar,
        acknowledge: limits.ACKNOWLEDGE,
        firstResponse: limits.FIRST_RESPONSE,
        decision: limits.DECISION,
        progress: limits.PROGRESS,
        resolution: limits.RESOLUTION,
        pauseWhileWaiting: complaint ? null : pauses,
      });
      this.#policies.set(code, { calendar, limits, pauses });
      this.#renew(clock.now().getTime());
    }

    /** Every ticket whose terms have become others has them from now on. */
    #renew(now: number) {
      for (const story of this.stories) {
        const terms = this.#termsOf(story, now);
        const { from: _, ...before } = story.facts.terms.at(-1) as SlaTerms;
        const { from: __, ...after } = terms;
        if (before.calendar !== after.calendar || JSON.stringify(before) !== JSON.stringify(after))
          story.facts.terms = [...story.facts.terms, terms];
      }
    }

    #termsOf({ category, severity, grade }: Story, from: number): SlaTerms {
      const policy = this.#policies.get(
        category === 'COMPLAINT' ? `COMPLAINT_${severity}` : category,
      ) as Policy;
      return {
        from,
        policyCode: category,
        policyVersion: 1,
        calendarCode: policy.calendar,
        calendarVersion: 1,
        limits: policy.limits,
        factor: grade === 'A' ? 0.5 : 1,
        calendar: this.#inForce.get(policy.calendar) as BusinessCalendar,
        pauseWhileWaiting: policy.pauses,
        atRiskShare: 0.8,
      };
    }
  }

  const WEEKDAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'];
  const CLOSED: CalendarDefinition = {
    code: 'RANDOM',
    timeZone: 'Asia/Shanghai',
    alwaysOpen: false,
    weekly: { 1: [], 2: [], 3: [], 4: [], 5: [], 6: [], 7: [] },
    holidays: [],
    extraWorkdays: [],
  };

  function randomCalendar(random: Random, grid: Grid, timeZone: string): CalendarDefinition {
    // No window begins or ends in an hour that clocks skip or repeat: what that means is shown by cases of the calendar.
    const windows = pick(random, [
      ['08:00-17:30'],
      ['08:00-12:00', '13:30-17:30', '19:00-21:00'],
      ['22:00-06:00'],
      ['00:00-24:00'],
      ['20:00-08:00', '09:00-11:00'],
      ['06:15-07:45', '18:00-00:00'],
    ]);
    const weekend = pick<string[]>(random, [[], [], ['10:00-14:00'], ['09:00-12:00']]);
    const day = () => dayText(pick(random, grid.minutes).day);
    const holidays = [...new Set(Array.from({ length: random(6) }, day))].sort();
    const extra = day();
    return {
      ...CLOSED,
      timeZone,
      weekly: {
        1: windows,
        2: windows,
        3: random(4) === 0 ? [] : windows,
        4: windows,
        5: windows,
        6: weekend,
        7: [],
      },
      holidays,
      extraWorkdays: holidays.includes(extra)
        ? []
        : [pick(random, [{ day: extra }, { day: extra, windows: ['09:00-12:00'] }])],
    };
  }
});
