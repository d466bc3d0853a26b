// The figures of an event log, one row per change of a ticket, as the API answers them: of the extract, and of the whole
// file where it is at hand. Source and licence stand in examples/README.md.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { EXAMPLES, fileOf, importInto, mappingOf } from './kit.ts';

const EXTRACT = join(import.meta.dirname, 'fixtures/servicenow-extract.csv');
const WHOLE_FILE = join(EXAMPLES, '../../shared/data/servicenow-incidents/incident_event_log.csv');
if (!existsSync(WHOLE_FILE))
  console.log(`Skipped: the figures of the whole file, because there is no ${WHOLE_FILE}.`);

const CUSTOMERS = { mapping: join(EXAMPLES, 'servicenow-customers.mapping.json') };
const TICKETS = { mapping: join(EXAMPLES, 'servicenow-incidents.mapping.json') };

interface Entry {
  readonly at: string;
  readonly action: string;
  readonly from: string | null;
  readonly to: string;
  readonly actor: null;
  readonly logEntry: number | null;
  readonly changes: Readonly<Record<string, readonly [unknown, unknown]>> | null;
}

interface Incident {
  readonly externalId: string;
  readonly status: string;
  readonly channel: string;
  readonly openedAt: string;
  readonly resolvedAt: string | null;
  readonly closedAt: string;
  readonly externalFacts: Readonly<Record<string, string>>;
  readonly customer: { readonly name: string };
  readonly history: readonly Entry[];
}

type Line = Readonly<Record<string, string>>;

/** The file has neither quotes nor line ends in its cells. */
function readRaw(path: string): Line[] {
  const [first = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
  const names = first.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, at) => [names[at] ?? '', cell])));
}

function countBy<Item>(items: readonly Item[], key: (item: Item) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}

function medianHours(incidents: readonly Incident[], end: 'resolvedAt' | 'closedAt'): [string, number] {
  const hours = incidents
    .flatMap((incident) => {
      const at = incident[end];
      return at === null ? [] : [(Date.parse(at) - Date.parse(incident.openedAt)) / 3_600_000];
    })
    .sort((a, b) => a - b);
  const middle = hours.length / 2;
  const median = ((hours[Math.ceil(middle) - 1] ?? 0) + (hours[Math.floor(middle)] ?? 0)) / 2;
  return [median.toFixed(2), hours.length];
}

/** D/M/YYYY HH:mm without a zone. */
function instantOf(written: string): string {
  const [, day = '', month = '', year, time] = /^(\d+)\/(\d+)\/(\d+) (\d+:\d+)$/.exec(written) ?? [];
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}T${time}:00.000Z`;
}

const FILES = [
  ['the extract', EXTRACT],
  ['the whole file', WHOLE_FILE],
] as const;

describe.each(FILES.filter(([, path]) => existsSync(path)))('ServiceNow, %s', (name, path) => {
  const raw = readRaw(path);
  const byNumber = Map.groupBy(raw, (line) => line.number ?? '');
  let fresh: FreshDatabase;
  let server: TestServer;
  let incidents: Incident[];

  beforeAll(async () => {
    fresh = await freshDatabase();
    server = await startTestServer({ database: fresh });
    const { database } = server.services;
    const customers = await importInto(database, 'customers', path, CUSTOMERS);
    expect(customers.told).toEqual([]);
    const tickets = await importInto(database, 'tickets', path, TICKETS);
    expect(tickets.told).toEqual([]);
    expect(tickets.counts).toEqual({
      rows: raw.length,
      created: byNumber.size,
      changed: 0,
      unchanged: 0,
      kept: 0,
      refused: 0,
    });
    incidents = await allIncidents(server);
  }, 60_000);

  afterAll(async () => {
    await server.stop();
    await fresh.drop();
  });

  test('every ticket is what its last row says, for the customer who called', () => {
    expect(incidents).toHaveLength(byNumber.size);
    for (const incident of incidents) {
      const last = byNumber.get(incident.externalId)?.at(-1);
      expect([incident.openedAt, incident.closedAt, incident.resolvedAt ?? '?']).toEqual([
        instantOf(last?.opened_at ?? ''),
        instantOf(last?.closed_at ?? ''),
        // A closed ticket without a resolution of its own was resolved when it was closed.
        instantOf(last?.resolved_at === '?' ? (last.closed_at ?? '') : (last?.resolved_at ?? '')),
      ]);
      expect(incident.externalFacts.made_sla).toBe(last?.made_sla);
      expect(incident.customer.name).toBe(last?.caller_id);
    }
  });

  test('every row is an entry of the history, with its time, its states and all that it changed', () => {
    for (const { externalId, history } of incidents) {
      const lines = byNumber.get(externalId) ?? [];
      const entries = history.filter(({ action }) => action === 'CHANGED_AT_SOURCE');
      expect(countBy(entries, ({ at }) => at)).toEqual(
        countBy(lines, ({ sys_updated_at = '' }) => instantOf(sys_updated_at)),
      );
      expect(entries.every(({ actor }) => actor === null)).toBe(true);
      expect(history.filter(({ action }) => action === 'IMPORT')).toMatchObject([
        { from: null, to: 'CLOSED' },
      ]);
    }
    // Told one after the other, the changes give every row of the file again.
    const told = incidents.flatMap(({ externalId, history }) => replay(externalId, history));
    expect(countBy(told, (state) => state)).toEqual(countBy(raw, (line) => line.incident_state ?? ''));
  });

  test('run again it changes nothing; a log that has grown adds its new entries alone', async () => {
    const { database } = server.services;
    const { counts } = await importInto(database, 'tickets', path, TICKETS);
    expect(counts).toMatchObject({ created: 0, changed: 0, unchanged: byNumber.size, refused: 0 });
    expect(await allIncidents(server)).toEqual(incidents);
  });

  test.runIf(name === 'the whole file')('the reference figures of the file', () => {
    const kept = incidents.filter(({ externalFacts }) => externalFacts.made_sla === 'true');
    const days = countBy(incidents, ({ openedAt }) => openedAt.slice(0, 10));
    const opened = incidents.map(({ openedAt }) => openedAt).sort();
    const told = incidents.flatMap(({ externalId, history }) => replay(externalId, history));
    const fact = (key: string) => (incident: Incident) => incident.externalFacts[key] ?? '';
    expect({
      incidents: incidents.length,
      callers: Object.keys(countBy(incidents, ({ customer }) => customer.name)).length,
      first: opened[0],
      last: opened.at(-1),
      kept: [kept.length, ((kept.length / incidents.length) * 100).toFixed(2)],
      reopened: incidents.filter(({ externalFacts }) => externalFacts.reopen_count !== '0').length,
      reassigned: incidents.filter(({ externalFacts }) => externalFacts.reassignment_count !== '0').length,
      channels: countBy(incidents, ({ channel }) => channel),
      entries: told.length,
      states: countBy(told, (state) => state),
      toClose: medianHours(incidents, 'closedAt'),
      days,
      priorities: countBy(incidents, fact('priority')),
      keptByPriority: countBy(kept, fact('priority')),
      callersWithMost: Object.entries(countBy(incidents, ({ customer }) => customer.name))
        .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
        .slice(0, 5),
    }).toEqual({
      incidents: 1340,
      callers: 893,
      first: '2016-02-29T01:16:00.000Z',
      last: '2016-03-03T17:08:00.000Z',
      kept: [681, '50.82'],
      reopened: 17,
      reassigned: 619,
      channels: { PHONE: 1340 },
      entries: 9221,
      states: {
        New: 2532,
        Active: 2386,
        'Awaiting User Info': 1415,
        Resolved: 1407,
        Closed: 1348,
        'Awaiting Problem': 109,
        'Awaiting Vendor': 21,
        'Awaiting Evidence': 3,
      },
      toClose: ['188.09', 1340],
      days: { '2016-02-29': 207, '2016-03-01': 315, '2016-03-02': 465, '2016-03-03': 353 },
      priorities: { '1 - Critical': 21, '2 - High': 43, '3 - Moderate': 1136, '4 - Low': 140 },
      keptByPriority: { '1 - Critical': 1, '3 - Moderate': 624, '4 - Low': 56 },
      callersWithMost: [
        ['Caller 4414', 18],
        ['Caller 369', 13],
        ['Caller 3394', 12],
        ['Caller 533', 11],
        ['Caller 4180', 8],
      ],
    });
    const resolved = incidents.filter(({ externalFacts }) => externalFacts.resolved_at !== '?');
    expect(medianHours(resolved, 'resolvedAt')).toEqual(['71.70', 1305]);
    const toClose = Object.groupBy(incidents, fact('priority'));
    expect(
      Object.fromEntries(
        Object.entries(toClose).map(([priority, some]) => [priority, medianHours(some ?? [], 'closedAt')[0]]),
      ),
    ).toEqual({
      '1 - Critical': '471.67',
      '2 - High': '148.27',
      '3 - Moderate': '176.49',
      '4 - Low': '513.72',
    });
  });
});

/** The states that a ticket went through at its source, told from its first entry by the changes of the others. */
function replay(externalId: string, history: readonly Entry[]): string[] {
  let state: unknown;
  return history
    .filter(({ action }) => action === 'CHANGED_AT_SOURCE')
    .sort((a, b) => (a.logEntry ?? 0) - (b.logEntry ?? 0))
    .map(({ changes }) => {
      const change = changes?.['externalFacts.incident_state'];
      if (change) {
        expect([externalId, change[0]]).toEqual([externalId, state ?? null]);
        state = change[1];
      }
      return String(state);
    });
}

async function allIncidents(server: TestServer): Promise<Incident[]> {
  const found: Incident[] = [];
  let after: string | null = null;
  do {
    const page = await incidentsAfter(server, after);
    found.push(...page.incidents);
    after = page.next;
  } while (after !== null);
  return found;
}

async function incidentsAfter(
  server: TestServer,
  after: string | null,
): Promise<{ incidents: Incident[]; next: string | null }> {
  const { data, errors } = await server.gql(
    'HEAD',
    `query ($after: String) { tickets(where: { source: { eq: "servicenow" } }, first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      edges { node { externalId status channel openedAt resolvedAt closedAt externalFacts customer { name }
        history { at action from to actor { id } changes logEntry } } } } }`,
    { after },
  );
  expect(errors).toBeUndefined();
  const { edges, pageInfo } = data.tickets;
  return {
    incidents: edges.map(({ node }: { node: Incident }) => node),
    next: pageInfo.hasNextPage ? pageInfo.endCursor : null,
  };
}

describe('logs', () => {
  let fresh: FreshDatabase;
  let server: TestServer;

  beforeAll(async () => {
    fresh = await freshDatabase();
    server = await startTestServer({ database: fresh });
  });

  afterAll(async () => {
    await server.stop();
    await fresh.drop();
  });

  const MAPPING = {
    kind: 'tickets',
    source: 'old-desk',
    externalId: 'no',
    timeZone: 'UTC',
    format: 'YYYY-MM-DD HH:mm',
    log: 'changed',
    fields: {
      category: { constant: 'INQUIRY' },
      status: 'state',
      subject: 'subject',
      channel: { constant: 'PHONE' },
      openedAt: 'opened',
      closedAt: 'closed',
    },
    extra: ['clerk'],
  };
  const HEAD = 'no,changed,state,subject,opened,closed,clerk\n';
  const T1 = `T1,2026-01-02 08:05,RECEIVED,运价咨询,2026-01-02 08:00,,Li
T1,2026-01-02 09:00,IN_PROGRESS,运价咨询,2026-01-02 08:00,,Wang
`;

  async function run(content: string, mapping: object = MAPPING) {
    return importInto(server.services.database, 'tickets', fileOf('log.csv', HEAD + content), {
      mapping: mappingOf('log.json', mapping),
    });
  }

  async function historyOf(externalId: string) {
    const { data } = await server.gql(
      'DATA_ANALYST',
      `query ($id: String!) { tickets(where: { externalId: { eq: $id } }) { edges { node { status history { at action from to changes } } } } }`,
      { id: externalId },
    );
    const [edge] = data.tickets.edges;
    return (
      edge && { status: edge.node.status, log: edge.node.history.filter((e: Entry) => e.action !== 'IMPORT') }
    );
  }

  test('the first entry has all that was known, each further one what it changed; a log that grew adds the rest', async () => {
    expect((await run(T1)).counts).toMatchObject({ rows: 2, created: 1, refused: 0 });
    const first = {
      at: '2026-01-02T08:05:00.000Z',
      action: 'CHANGED_AT_SOURCE',
      from: null,
      to: 'RECEIVED',
      changes: {
        category: [null, 'INQUIRY'],
        subject: [null, '运价咨询'],
        channel: [null, 'PHONE'],
        openedAt: [null, '2026-01-02T08:00:00.000Z'],
        'externalFacts.clerk': [null, 'Li'],
      },
    };
    const second = {
      at: '2026-01-02T09:00:00.000Z',
      action: 'CHANGED_AT_SOURCE',
      from: 'RECEIVED',
      to: 'IN_PROGRESS',
      changes: { 'externalFacts.clerk': ['Li', 'Wang'] },
    };
    expect(await historyOf('T1')).toEqual({ status: 'IN_PROGRESS', log: [first, second] });

    const grown = `${T1}T1,2026-01-03 10:00,IN_PROGRESS,运价咨询,2026-01-02 08:00,,Wang
T1,2026-01-03 11:00,CLOSED,运价咨询,2026-01-02 08:00,2026-01-03 11:00,Wang
`;
    expect((await run(grown)).counts).toMatchObject({ rows: 4, created: 0, changed: 1 });
    expect(await historyOf('T1')).toEqual({
      status: 'CLOSED',
      log: [
        first,
        second,
        {
          at: '2026-01-03T10:00:00.000Z',
          action: 'CHANGED_AT_SOURCE',
          from: 'IN_PROGRESS',
          to: 'IN_PROGRESS',
          changes: null,
        },
        {
          at: '2026-01-03T11:00:00.000Z',
          action: 'CHANGED_AT_SOURCE',
          from: 'IN_PROGRESS',
          to: 'CLOSED',
          changes: { closedAt: [null, '2026-01-03T11:00:00.000Z'] },
        },
      ],
    });
  });

  test('a record of which one row is wrong is refused as a whole, the others are written', async () => {
    const { counts, told } = await run(`T2,2026-01-02 08:05,RECEIVED,a,2026-01-02 08:00,,Li
T2,sometime,IN_PROGRESS,a,2026-01-02 08:00,,Li
T3,2026-01-02 08:05,ACKNOWLEDGED,a,2026-01-02 08:00,,Li
T3,2026-01-02 08:06,IN_PROGRESS,a,2026-01-02 08:00,,Li
T4,2026-01-02 08:05,RECEIVED,a,2026-01-02 08:00,,Li
T4,2126-01-02 08:06,IN_PROGRESS,a,2026-01-02 08:00,,Li
T5,2026-01-02 08:05,RECEIVED,a,2026-01-02 08:00,,Li
T2,2026-01-02 09:05,RECEIVED,a,2026-01-02 08:00,,Li
`);
    expect(counts).toMatchObject({ rows: 8, created: 1, refused: 4 });
    expect(told).toEqual([
      '3 changed: a time written YYYY-MM-DD HH:mm on the wall clock of UTC, from 1900 to 2199',
      '4 state: for INQUIRY one of RECEIVED, IN_PROGRESS, ANSWERED, CLOSED, CANCELLED',
      '7 changed: not in the future',
      '9 no: the rows of a record one below the other; others of this one begin on line 2',
    ]);
    expect(await historyOf('T5')).toMatchObject({ status: 'RECEIVED', log: [{ to: 'RECEIVED' }] });
    expect(await historyOf('T2')).toBeUndefined();
  });

  test('a mapping says what a log needs', async () => {
    const { status: _, ...fields } = MAPPING.fields;
    await expect(run(T1, { ...MAPPING, repeats: true, fields })).rejects.toThrow(
      /repeats: accepted: nothing beside log\n.*fields\.status: accepted: a rule, for each entry of a log has it/,
    );
    await expect(
      importInto(server.services.database, 'customers', fileOf('log.csv', HEAD + T1), {
        mapping: mappingOf('log.json', {
          kind: 'customers',
          source: 'old-desk',
          externalId: 'no',
          log: 'changed',
          fields: { name: 'subject' },
        }),
      }),
    ).rejects.toThrow('log: accepted: nothing: customers have no history of changes');
    await expect(run(T1, { ...MAPPING, log: 'Changed' })).rejects.toThrow(
      'The mapping names columns that the file lacks: Changed.',
    );
  });
});
