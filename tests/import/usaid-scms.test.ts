// Figures of the extract, and of the whole file where it is at hand, computed here from the text of the file and asked of the API.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cents, fromCents } from '../../src/lib/money.ts';
import { sql } from '../../src/platform/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { EXAMPLES, fileOf, importInto } from './kit.ts';

const EXTRACT = join(import.meta.dirname, 'fixtures/usaid-scms-extract.csv');
const WHOLE_FILE = join(EXAMPLES, '../../shared/data/usaid-scms-shipments/SCMS_Delivery_History_Dataset.csv');
if (!existsSync(WHOLE_FILE))
  console.log(`Skipped: the figures of the whole file, because there is no ${WHOLE_FILE}.`);

const CUSTOMERS = { mapping: join(EXAMPLES, 'usaid-scms-customers.mapping.json') };
const SHIPMENTS = { mapping: join(EXAMPLES, 'usaid-scms-shipments.mapping.json') };

type Line = Readonly<Record<string, string>>;

/** The file has no quote inside of a quoted cell and no line end in any. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? '',
  );
}

function readRaw(path: string): Line[] {
  const [first = '', ...lines] = readFileSync(path, 'utf8').replace('\ufeff', '').split('\r');
  const names = cellsOf(first);
  return lines.map((line) => {
    const cells = cellsOf(line);
    if (cells.length !== names.length) throw new Error(`${cells.length} cells: ${line}`);
    return Object.fromEntries(names.map((name, at) => [name, cells[at] ?? '']));
  });
}

/** A day such as 2-Jun-06, as days since 1970. */
function dayOf(line: Line, column: string): number {
  const [day, month, year] = (line[column] ?? '').split('-');
  return Date.parse(`${day} ${month} 20${year} UTC`) / 86_400_000;
}

const scheduled = (line: Line) => dayOf(line, 'Scheduled Delivery Date');
const delivered = (line: Line) => dayOf(line, 'Delivered to Client Date');
const monthOf = (line: Line) => new Date(delivered(line) * 86_400_000).toISOString().slice(0, 7);
const isNumber = (cell = '') => /^[\d.]+$/.test(cell);

function sumOf(lines: readonly Line[], column: string): string {
  return fromCents(lines.reduce((sum, line) => sum + cents(line[column] ?? ''), 0n));
}

function distinct(lines: readonly Line[], column: string): number {
  return new Set(lines.map((line) => line[column])).size;
}

function median(values: readonly number[]): string | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const value = ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
  return sorted.length === 0 ? null : value.toFixed(2);
}

function figuresOf(lines: readonly Line[]) {
  const late = lines.filter((line) => delivered(line) > scheduled(line));
  const priced = lines.filter((line) => isNumber(line['Freight Cost (USD)']));
  const weighed = lines.filter((line) => isNumber(line['Weight (Kilograms)']));
  const onTime = lines.length - late.length;
  return {
    lines: lines.length,
    orders: distinct(lines, 'PO / SO #'),
    shipments: distinct(lines, 'ASN/DN #'),
    revenue: { amount: sumOf(lines, 'Line Item Value') },
    dueLines: lines.length,
    onTimeLines: onTime,
    onTimeShare: ((onTime / lines.length) * 100).toFixed(2),
    freight: priced.length === 0 ? null : { amount: sumOf(priced, 'Freight Cost (USD)') },
    freightLines: priced.length,
    weightKg:
      weighed.length === 0
        ? null
        : String(weighed.reduce((sum, line) => sum + Number(line['Weight (Kilograms)']), 0)),
    weightLines: weighed.length,
    medianDaysLate: median(late.map((line) => delivered(line) - scheduled(line))),
  };
}

const FIGURES = `lines orders shipments revenue { amount } dueLines onTimeLines onTimeShare
  freight { amount } freightLines weightKg weightLines medianDaysLate`;

const MODES: Readonly<Record<string, string | null>> = {
  Air: 'AIR',
  'Air Charter': 'AIR_CHARTER',
  Ocean: 'OCEAN',
  Truck: 'ROAD',
  'N/A': null,
};

const FILES = [
  ['the extract', EXTRACT],
  ['the whole file', WHOLE_FILE],
] as const;

describe.each(FILES.filter(([, path]) => existsSync(path)))('USAID SCMS, %s', (name, path) => {
  const raw = readRaw(path);
  let fresh: FreshDatabase;
  let server: TestServer;

  beforeAll(async () => {
    fresh = await freshDatabase();
    server = await startTestServer({ database: fresh });
    const { database } = server.services;
    const customers = await importInto(database, 'customers', path, CUSTOMERS);
    const countries = distinct(raw, 'Country');
    expect(customers.told).toEqual([]);
    expect(customers.counts).toMatchObject({ created: countries, unchanged: raw.length - countries });
    const dry = await importInto(database, 'shipments', path, { ...SHIPMENTS, dryRun: true });
    expect(dry.counts).toMatchObject({ created: raw.length, refused: 0 });
    expect(await database.query(sql`select 1 as written from shipment limit 1`)).toEqual([]);
    const shipments = await importInto(database, 'shipments', path, SHIPMENTS);
    expect(shipments.told).toEqual([]);
    expect(shipments.counts).toMatchObject({ rows: raw.length, created: raw.length });
  }, 60_000);

  afterAll(async () => {
    await server.stop();
    await fresh.drop();
  });

  async function ask(document: string) {
    const { data, errors } = await server.gql('HEAD', document);
    expect(errors).toBeUndefined();
    return data;
  }

  /** Statistics as [key of the group, figures]. */
  async function statistics(groupBy: string, key: string, more = '') {
    const { found } = await ask(`{ found: shipmentStatistics(groupBy: ${groupBy} ${more}) {
      groupCount total { ${FIGURES} } groups { ${key} figures { ${FIGURES} } } } }`);
    return found;
  }

  function grouped(column: (line: Line) => string): Map<string, ReturnType<typeof figuresOf>> {
    return new Map([...Map.groupBy(raw, column)].map(([key, lines]) => [key, figuresOf(lines)]));
  }

  test('all lines', async () => {
    const { total } = await statistics('YEAR', 'period');
    expect(total).toEqual(figuresOf(raw));
  });

  test('by customer, the greatest revenue first', async () => {
    const { groups, groupCount } = await statistics('CUSTOMER', 'customer { name }');
    const expected = grouped((line) => line.Country ?? '');
    expect(groupCount).toBe(expected.size);
    expect(new Map(groups.map((group: Group) => [group.customer?.name, group.figures]))).toEqual(expected);
    const revenues = groups.map((group: Group) => cents(group.figures.revenue.amount));
    expect(revenues).toEqual(revenues.toSorted((a: bigint, b: bigint) => (a < b ? 1 : a > b ? -1 : 0)));
  });

  test('by mode, with those of which it is not known', async () => {
    const { groups } = await statistics('MODE', 'mode');
    const expected = [...grouped((line) => line['Shipment Mode'] ?? '')];
    expect(new Map(groups.map((group: Group) => [group.mode, group.figures]))).toEqual(
      new Map(expected.map(([mode, figures]) => [MODES[mode], figures])),
    );
  });

  test('by year and by month, in their order', async () => {
    for (const [groupBy, column] of [
      ['YEAR', (line: Line) => monthOf(line).slice(0, 4)],
      ['MONTH', monthOf],
    ] as const) {
      const { groups } = await statistics(groupBy, 'period', ', first: 200');
      expect(groups.map((group: Group) => [group.period, group.figures])).toEqual(
        [...grouped(column)].toSorted(([a], [b]) => a.localeCompare(b)),
      );
    }
  });

  test('what a cell says instead of a figure is kept, and so is what has no field', async () => {
    const { database } = server.services;
    const rows = await database.query<{ externalId: string; facts: Record<string, string> }>(
      sql`select external_id as "externalId", external_facts as facts from shipment`,
    );
    const byId = new Map(raw.map((line) => [line.ID, line]));
    for (const { externalId, facts } of rows) {
      const line = byId.get(externalId) ?? {};
      for (const column of ['Freight Cost (USD)', 'Weight (Kilograms)'])
        expect(facts[column]).toBe(isNumber(line[column]) ? undefined : line[column]);
      expect(facts['Shipment Mode']).toBe(line['Shipment Mode'] === 'N/A' ? 'N/A' : undefined);
      expect(facts['Project Code']).toBe(line['Project Code']);
    }
  });

  test('a second run changes nothing', async () => {
    const { database } = server.services;
    const mark = () =>
      database.query(sql`select max(updated_at) as at, sum(version)::int as versions from shipment`);
    const before = await mark();
    const { counts } = await importInto(database, 'shipments', path, SHIPMENTS);
    expect(counts).toMatchObject({ unchanged: raw.length, created: 0, changed: 0, refused: 0 });
    expect(await mark()).toEqual(before);
  });

  if (name === 'the whole file') {
    test('has the reference figures that are published beside it', async () => {
      const { total } = await statistics('YEAR', 'period');
      expect(total).toMatchObject({
        lines: 10_324,
        orders: 6_233,
        shipments: 7_030,
        revenue: { amount: '1627584457.29' },
        onTimeLines: 9_138,
        onTimeShare: '88.51',
        freight: { amount: '68817849.41' },
        freightLines: 6_198,
        medianDaysLate: '12.00',
      });
    });
  }
});

interface Group {
  readonly customer?: { readonly name: string };
  readonly mode?: string | null;
  readonly period?: string;
  readonly figures: { readonly revenue: { readonly amount: string } };
}

describe('a row whose cell is neither accepted nor declared', () => {
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

  test('is refused with its line, column, value and what is accepted', async () => {
    const text = readFileSync(EXTRACT, 'utf8').split('\r').slice(0, 3).join('\r');
    const changed = text
      .replace(',780.34,', ',See ASN-93 (ID 1281),')
      .replace('2-Jun-06,2-Jun-06', '2-Juin-06,2-Jun-06');
    expect(changed).not.toBe(text);
    const path = fileOf('undeclared.csv', changed);
    await importInto(server.services.database, 'customers', path, CUSTOMERS);
    const { problems, counts } = await importInto(server.services.database, 'shipments', path, SHIPMENTS);
    expect(counts).toMatchObject({ rows: 2, created: 1, refused: 1 });
    expect(problems.map(({ line, column, value }) => [line, column, value])).toEqual([
      [2, 'Scheduled Delivery Date', '2-Juin-06'],
      [2, 'Freight Cost (USD)', 'See ASN-93 (ID 1281)'],
    ]);
    expect(problems[0]?.accepted.en).toContain('D-MMM-YY');
    expect(problems[1]?.accepted.en).toContain('an amount of 0 or more');
    expect(problems[1]?.accepted.en).toContain('Invoiced Separately');
  });
});
