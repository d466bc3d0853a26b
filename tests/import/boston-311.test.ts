// The reference figures of examples/README.md, and of the whole file where it is at hand, as the API answers them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { zonedInstant } from '../../src/lib/periods.ts';
import { sql } from '../../src/platform/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { EXAMPLES, importInto } from './kit.ts';

interface Figures {
  readonly rows: number;
  readonly closed: number;
  readonly due: number;
  readonly both: number;
  readonly onTime: number;
  readonly medianHours: string;
  /** Rows, those with a closing and a due time, those closed by the due time. */
  readonly months: Readonly<Record<string, readonly [number, number, number]>>;
  readonly channels: Readonly<Record<string, number>>;
  readonly sources: Readonly<Record<string, number>>;
  /** Rows, closed, on time, with both. */
  readonly reasons: Readonly<Record<string, readonly [number, number, number, number]>>;
}

const EXTRACT: Figures = {
  rows: 307,
  closed: 294,
  due: 255,
  both: 247,
  onTime: 176,
  medianHours: '56.54',
  months: {
    '2011-07': [56, 38, 31],
    '2011-08': [51, 45, 33],
    '2011-09': [59, 49, 33],
    '2011-10': [54, 49, 37],
    '2011-11': [43, 36, 25],
    '2011-12': [44, 30, 17],
  },
  channels: { PHONE: 142, ON_SITE: 74, ONLINE: 75, OTHER: 16 },
  sources: {
    'Constituent Call': 142,
    'Employee Generated': 74,
    'Self Service': 55,
    'Citizens Connect App': 20,
    'Maximo Integration': 16,
  },
  reasons: {
    Sanitation: [65, 65, 52, 54],
    'Highway Maintenance': [51, 49, 13, 23],
    'Street Lights': [44, 44, 24, 43],
  },
};

const WHOLE: Figures = {
  rows: 7282,
  closed: 6850,
  due: 5890,
  both: 5489,
  onTime: 4464,
  medianHours: '22.28',
  months: {
    '2011-07': [1232, 946, 802],
    '2011-08': [1444, 1153, 901],
    '2011-09': [1303, 1066, 867],
    '2011-10': [1250, 1030, 859],
    '2011-11': [1011, 704, 567],
    '2011-12': [1042, 590, 468],
  },
  channels: { PHONE: 3532, ON_SITE: 2259, ONLINE: 1475, OTHER: 16 },
  sources: {
    'Constituent Call': 3532,
    'Employee Generated': 2259,
    'Self Service': 1022,
    'Citizens Connect App': 453,
    'Maximo Integration': 16,
  },
  reasons: {
    Sanitation: [1932, 1932, 1507, 1546],
    'Highway Maintenance': [1361, 1336, 440, 553],
    'Street Lights': [755, 753, 509, 728],
    Trees: [551, 546, 427, 545],
    Housing: [479, 318, 253, 318],
    Recycling: [366, 366, 344, 366],
    'Signs & Signals': [301, 292, 217, 292],
    'Employee & General Comments': [286, 102, 57, 66],
    Building: [275, 265, 41, 265],
    Graffiti: [217, 199, 179, 199],
  },
};

const WHOLE_FILE = join(EXAMPLES, '../../shared/data/boston-311/requests.csv');
if (!existsSync(WHOLE_FILE))
  console.log(`Skipped: the figures of the whole file, because there is no ${WHOLE_FILE}.`);

const FILES = [
  ['the extract', join(EXAMPLES, 'boston-311-extract.csv'), EXTRACT],
  ['the whole file', WHOLE_FILE, WHOLE],
] as const;

describe.each(FILES.filter(([, path]) => existsSync(path)))('Boston 311, %s', (_name, path, figures) => {
  let fresh: FreshDatabase;
  let server: TestServer;

  beforeAll(async () => {
    fresh = await freshDatabase();
    server = await startTestServer({ database: fresh });
    const { counts } = await importInto(server.services.database, 'tickets', path, {
      mapping: join(EXAMPLES, 'boston-311.mapping.json'),
    });
    expect(counts).toMatchObject({ rows: figures.rows, created: figures.rows, refused: 0 });
  });

  afterAll(async () => {
    await server.stop();
    await fresh.drop();
  });

  /** How many tickets of the source match each condition: one request, one count per condition. */
  async function counts<Name extends string>(
    conditions: Record<Name, object>,
  ): Promise<Record<Name, number>> {
    const names = Object.keys(conditions) as Name[];
    const parameters = names.map((_, at) => `$w${at}: TicketWhere!`).join(', ');
    const fields = names
      .map((_, at) => `c${at}: tickets(where: $w${at}, first: 1) { totalCount }`)
      .join('\n');
    const variables = Object.fromEntries(
      names.map((name, at) => [`w${at}`, { source: { eq: 'boston-311' }, AND: [conditions[name]] }]),
    );
    const { data, errors } = await server.gql(
      'DATA_ANALYST',
      `query (${parameters}) { ${fields} }`,
      variables,
    );
    expect(errors).toBeUndefined();
    return Object.fromEntries(names.map((name, at) => [name, data[`c${at}`].totalCount])) as Record<
      Name,
      number
    >;
  }

  const closed = { status: { eq: 'CLOSED' } };
  const withBoth = { closedAt: { isNull: false }, resolutionDueAt: { isNull: false } };
  const onTime = { resolvedOnTime: { eq: true } };

  test('rows, closed, due, on time', async () => {
    expect(
      await counts({
        rows: {},
        inquiries: { category: { eq: 'INQUIRY' } },
        closed,
        open: { status: { eq: 'IN_PROGRESS' }, closedAt: { isNull: true } },
        due: { resolutionDueAt: { isNull: false } },
        both: withBoth,
        onTime,
        late: { resolvedOnTime: { eq: false } },
      }),
    ).toEqual({
      rows: figures.rows,
      inquiries: figures.rows,
      closed: figures.closed,
      open: figures.rows - figures.closed,
      due: figures.due,
      both: figures.both,
      onTime: figures.onTime,
      late: figures.both - figures.onTime,
    });
  });

  test('by month of opening on the wall clock of Boston', async () => {
    const at = (month: number) =>
      new Date(
        zonedInstant(
          `${month > 12 ? 2012 : 2011}-${String(((month - 1) % 12) + 1).padStart(2, '0')}-01T00:00`,
          'America/New_York',
        ),
      );
    const found: Record<string, number[]> = {};
    for (const [index, month] of Object.keys(figures.months).entries()) {
      const opened = { openedAt: { gte: at(index + 7).toISOString(), lt: at(index + 8).toISOString() } };
      const { rows, both, met } = await counts({
        rows: opened,
        both: { AND: [opened, withBoth] },
        met: { AND: [opened, onTime] },
      });
      found[month] = [rows, both, met];
    }
    expect(found).toEqual(figures.months);
  });

  test('by channel', async () => {
    const conditions = Object.keys(figures.channels).map((channel) => [
      channel,
      { channel: { eq: channel } },
    ]);
    expect(await counts(Object.fromEntries(conditions))).toEqual(figures.channels);
  });

  test('by reason', async () => {
    const found: Record<string, number[]> = {};
    for (const reason of Object.keys(figures.reasons)) {
      const subject = { subject: { eq: reason } };
      const { rows, ended, met, both } = await counts({
        rows: subject,
        ended: { AND: [subject, closed] },
        met: { AND: [subject, onTime] },
        both: { AND: [subject, withBoth] },
      });
      found[reason] = [rows, ended, met, both];
    }
    expect(found).toEqual(figures.reasons);
  });

  test('every row with its facts as they were written', async () => {
    const { database } = server.services;
    expect(
      await database.query(sql`
        select (percentile_cont(0.5) within group (order by extract(epoch from closed_at - opened_at) / 3600))::numeric(20, 2) as median,
               count(*) filter (where (external_facts->>'ontime' = 'ONTIME') <> (closed_at <= resolution_due_at))::int as disagree,
               count(*) filter (where external_facts->>'location_zipcode' !~ '^0')::int as "zipWithoutZero"
        from ticket`),
    ).toEqual([{ median: figures.medianHours, disagree: 0, zipWithoutZero: 0 }]);
    const sources = await database.query<{ source: string; rows: number }>(sql`
      select external_facts->>'source' as source, count(*)::int as rows from ticket group by 1`);
    expect(Object.fromEntries(sources.map(({ source, rows }) => [source, rows]))).toEqual(figures.sources);
  });

  test('the case closed in the hour that the clocks repeated was closed in its first occurrence', async () => {
    const { data } = await server.gql(
      'DATA_ANALYST',
      `{ tickets(where: { externalId: { eq: "101000350980" } }) { edges { node { closedAt externalFacts history { action from to } } } } }`,
    );
    expect(data.tickets.edges).toEqual([
      {
        node: {
          closedAt: '2011-11-06T05:11:52.000Z',
          externalFacts: expect.objectContaining({ ontime: expect.any(String) }),
          history: [{ action: 'IMPORT', from: null, to: 'CLOSED' }],
        },
      },
    ]);
  });
});
