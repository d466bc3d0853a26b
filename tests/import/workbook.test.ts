import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { numberText, readWorkbook, serialText } from '../../src/import/workbook.ts';
import type { Database } from '../../src/platform/database.ts';
import { sql } from '../../src/platform/sql.ts';
import { created, fetchExport, makeExporter } from '../exports/kit.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { makeCustomers } from '../support/factories.ts';
import { startTestServer } from '../support/server.ts';
import { fileOf, importInto, mappingOf, openDatabase } from './kit.ts';

interface Part {
  readonly name: string;
  readonly rows: string;
  readonly state?: string;
}

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

/** A workbook written by hand: rows as the XML of a sheet has them. */
async function workbook(
  file: string,
  sheets: readonly Part[],
  more: { shared?: string; formats?: readonly string[]; date1904?: boolean } = {},
): Promise<string> {
  const zip = new ZipFile();
  const part = (path: string, xml: string) => zip.addBuffer(Buffer.from(xml), path);
  part('[Content_Types].xml', '<Types/>');
  part(
    '_rels/.rels',
    `<Relationships><Relationship Id="a" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  );
  const tags = sheets.map(
    ({ name, state }, at) =>
      `<sheet name="${name}" sheetId="${at + 1}" r:id="s${at}"${state ? ` state="${state}"` : ''}/>`,
  );
  part(
    'xl/workbook.xml',
    `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><workbookPr date1904="${more.date1904 ? 1 : 0}"/><sheets>${tags.join('')}</sheets></workbook>`,
  );
  const relations = sheets.map(
    (_, at) => `<Relationship Id="s${at}" Type="${OFFICE}/worksheet" Target="/xl/worksheets/s${at}.xml"/>`,
  );
  part(
    'xl/_rels/workbook.xml.rels',
    `<Relationships>${relations.join('')}<Relationship Id="t" Type="${OFFICE}/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="y" Type="${OFFICE}/styles" Target="styles.xml"/></Relationships>`,
  );
  part('xl/sharedStrings.xml', `<sst xmlns="${MAIN}">${more.shared ?? ''}</sst>`);
  const formats = more.formats ?? [];
  part(
    'xl/styles.xml',
    `<styleSheet xmlns="${MAIN}"><numFmts>${formats.map((code, at) => `<numFmt numFmtId="${170 + at}" formatCode="${code}"/>`).join('')}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="57"/>${formats.map((_, at) => `<xf numFmtId="${170 + at}"/>`).join('')}</cellXfs></styleSheet>`,
  );
  sheets.forEach(({ rows }, at) => {
    part(`xl/worksheets/s${at}.xml`, `<worksheet xmlns="${MAIN}"><sheetData>${rows}</sheetData></worksheet>`);
  });
  zip.end();
  return fileOf(file, await buffer(zip.outputStream));
}

async function rowsOf(path: string, sheet: string | null = null): Promise<string[]> {
  const rows: string[] = [];
  for await (const { line, cells } of readWorkbook(path, sheet)) rows.push(`${line} ${cells.join('|')}`);
  return rows;
}

const inline = (reference: string, value: string) =>
  `<c r="${reference}" t="inlineStr"><is><t>${value}</t></is></c>`;

describe('The cells of a sheet', () => {
  test('come as text, whichever way they are kept', async () => {
    const path = await workbook(
      'cells.xlsx',
      [
        {
          name: 'S',
          rows: [
            `<row r="1">${inline('A1', '名称')}<c r="B1" t="s"><v>0</v></c><c r="D1" t="s"><v>1</v></c></row>`,
            '<row r="3"><c r="A3"><v>0.1</v></c><c r="B3"><v>0.30000000000000004</v></c><c r="C3"><v>1.2345678901234568E+17</v></c><c r="D3"><v>8613900000000</v></c></row>',
            '<row r="4"><c r="A4" t="b"><v>1</v></c><c r="B4" t="str"><f>A1&amp;"x"</f><v>formula &lt;x&gt;</v></c><c r="C4" t="e"><v>#N/A</v></c><c r="D4"><f>1+1</f><v>2</v></c></row>',
            '<row><c><v>7</v></c><c/><c t="d"><v>2026-11-23T08:30:00</v></c></row>',
            '<row r="9"/>',
          ].join(''),
        },
      ],
      {
        shared:
          '<si><r><t>张</t></r><r><t xml:space="preserve"> 三</t></r><rPh sb="0" eb="1"><t>zhang</t></rPh></si><si><t>a_x000D_b</t></si>',
      },
    );
    expect(await rowsOf(path)).toEqual([
      '1 名称|张 三||a\rb',
      '3 0.1|0.30000000000000004|123456789012345680|8613900000000',
      '4 true|formula <x>|#N/A|2',
      '5 7||2026-11-23 08:30:00',
      '9 ',
    ]);
  });

  test('dates are days and times of the wall, by the style of the cell and the epoch of the book', async () => {
    const cell = (column: string, style: number, value: number) =>
      `<c r="${column}1" s="${style}"><v>${value}</v></c>`;
    const sheet = {
      name: 'S',
      rows: `<row r="1">${[
        cell('A', 1, 46349),
        cell('B', 2, 46349.354166666664),
        cell('C', 3, 46349),
        cell('D', 4, 46349),
        cell('E', 5, 46349),
        cell('F', 6, 1.5),
        cell('G', 7, 46349),
        cell('H', 0, 46349),
      ].join('')}</row>`,
    };
    const formats = [
      'yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;',
      '[$-804]dddd, mmmm dd\\, yyyy h:mm',
      '[h]:mm',
      '&quot;days &quot;0.00',
    ];
    expect(await rowsOf(await workbook('dates.xlsx', [sheet], { formats }))).toEqual([
      '1 2026-11-23|2026-11-23 08:30:00|2026-11-23|2026-11-23|2026-11-23 00:00:00|1.5|46349|46349',
    ]);
    const moved = await workbook('dates-1904.xlsx', [sheet], { formats, date1904: true });
    expect((await rowsOf(moved))[0]?.slice(0, 12)).toBe('1 2030-11-24');
  });

  test.each([
    [1, '1900-01-01'],
    [59, '1900-02-28'],
    [61, '1900-03-01'],
    [44561.999988425923, '2021-12-31 23:59:59'],
    [44562, '2022-01-01'],
    [44562.5000000001, '2022-01-01 12:00:00'],
    [-1, null],
    [Number.NaN, null],
  ])('the day %d is %s', (serial, written) => {
    expect(serialText(serial, { day: true, time: false }, false)).toBe(written);
  });

  test('a time alone stays a time', () => {
    expect(serialText(0.75, { day: false, time: true }, false)).toBe('18:00:00');
  });

  test.each([
    ['12', '12'],
    ['1E-7', '0.0000001'],
    ['1.1000000000000001', '1.1'],
    ['-3.50', '-3.5'],
    ['9E+20', '900000000000000000000'],
  ])('the number %s is %s', (written, shown) => {
    expect(numberText(written)).toBe(shown);
  });
});

describe('The sheet', () => {
  const row = (value: string) => `<row r="1">${inline('A1', value)}</row>`;

  test('is the only one with cells, without those that are hidden', async () => {
    const path = await workbook('sheets.xlsx', [
      { name: 'empty', rows: '' },
      { name: '数据', rows: row('data') },
      { name: 'old', rows: row('old'), state: 'hidden' },
    ]);
    expect(await rowsOf(path)).toEqual(['1 data']);
    expect(await rowsOf(path, 'old')).toEqual(['1 old']);
    expect(await rowsOf(path, '2')).toEqual(['1 data']);
    await expect(rowsOf(path, '3')).rejects.toThrow('accepted: the name or the number of one of empty, 数据');
  });

  test('must be named where several have cells', async () => {
    const path = await workbook('several.xlsx', [
      { name: 'A', rows: row('a') },
      { name: 'B', rows: row('b') },
    ]);
    await expect(rowsOf(path)).rejects.toThrow('name one of them by --sheet. Accepted: A, B.');
    expect(await rowsOf(path, 'B')).toEqual(['1 b']);
  });
});

describe('A file that is no workbook', () => {
  test.each([
    [
      'with a password, or of Excel 97',
      Buffer.from('d0cf11e0a1b11ae1', 'hex'),
      'save it as .xlsx without a password',
    ],
    ['of text', Buffer.from('a,b\n1,2\n'), 'is no workbook'],
  ])('%s says so', async (name, bytes, message) => {
    await expect(rowsOf(fileOf(`${name.length}.xlsx`, bytes))).rejects.toThrow(message);
  });

  test('without its parts, cut short, or with a document type says so', async () => {
    const zip = new ZipFile();
    zip.addBuffer(Buffer.from('x'), 'readme.txt');
    zip.end();
    const other = fileOf('zip.xlsx', await buffer(zip.outputStream));
    await expect(rowsOf(other)).rejects.toThrow('it has no workbook part');
    const broken = await workbook('cut.xlsx', [{ name: 'S', rows: '<row r="1"><c r="A1"><v>1</v></row>' }]);
    await expect(rowsOf(broken)).rejects.toThrow('is no workbook');
    const bomb = await workbook('bomb.xlsx', [{ name: 'S', rows: '<row r="1"/>' }], {
      shared: '</sst><!DOCTYPE sst [<!ENTITY a "aaaa">]><sst>',
    });
    await expect(rowsOf(bomb, 'S')).rejects.toThrow('is no workbook');
  });
});

describe('Importing a workbook', { timeout: 150_000 }, () => {
  let fresh: FreshDatabase;
  let database: Database;
  beforeAll(async () => {
    fresh = await freshDatabase();
    database = await openDatabase(fresh);
  }, 60_000);
  afterAll(async () => {
    await database.close();
    await fresh.drop();
  });

  test('dates beside dates that are text, errors by their row and column, and nothing twice', async () => {
    const mapping = mappingOf('tickets.json', {
      kind: 'tickets',
      source: 'desk',
      externalId: '编号',
      format: 'D.M.YYYY',
      timeZone: 'Asia/Shanghai',
      fields: {
        subject: '主题',
        openedAt: '受理',
        channel: { column: '渠道', values: { 电话: 'PHONE' } },
        category: { constant: 'INQUIRY' },
        status: { constant: 'RECEIVED' },
      },
    });
    const line = (at: number, cells: string) => `<row r="${at}">${cells}</row>`;
    const path = await workbook('tickets.xlsx', [
      {
        name: '工单',
        rows: [
          line(
            2,
            ['编号', '主题', '受理', '渠道'].map((name, at) => inline(`${'ABCD'[at]}2`, name)).join(''),
          ),
          line(
            3,
            `<c r="A3"><v>1</v></c>${inline('B3', '运价')}<c r="C3" s="2"><v>46349.354166666664</v></c>${inline('D3', '电话')}`,
          ),
          line(
            4,
            `<c r="A4"><v>2</v></c>${inline('B4', '时效')}${inline('C4', '23.11.2026')}${inline('D4', '电话')}`,
          ),
          line(
            7,
            `<c r="A7"><v>3</v></c>${inline('B7', '覆盖')}<c r="C7" t="e"><v>#VALUE!</v></c>${inline('D7', '电话')}`,
          ),
        ].join(''),
      },
    ]);
    const first = await importInto(database, 'tickets', path, { mapping });
    expect(first.counts).toMatchObject({ rows: 3, created: 2, refused: 1 });
    expect(first.told).toEqual([expect.stringMatching(/^7 受理: .*the spreadsheet has an error there$/)]);
    const rows = await database.query(
      sql`select external_id as id, opened_at as at from ticket where source = 'desk' order by 1`,
    );
    expect(rows).toEqual([
      { id: '1', at: new Date('2026-11-23T00:30:00Z') },
      { id: '2', at: new Date('2026-11-22T16:00:00Z') },
    ]);
    const again = await importInto(database, 'tickets', path, { mapping });
    expect(again.counts).toMatchObject({ created: 0, changed: 0, unchanged: 2, refused: 1 });
  });

  test('what was exported comes back with the same values', async () => {
    const other = await freshDatabase();
    const server = await startTestServer({ database: other });
    try {
      await makeCustomers(server, 3, (index) => ({
        name: `远航电子 ${index}`,
        phone: `021-6000${index}`,
        grade: 'B',
      }));
      const exporter = await makeExporter(server);
      const { downloadUrl } = await created(
        server,
        exporter.subject,
        { customers: { columns: ['number', 'name', 'phone'] } },
        { format: 'XLSX', labels: false },
      );
      const { bytes } = await fetchExport(server, downloadUrl);
      const path = fileOf('exported.xlsx', bytes);
      const mapping = mappingOf('exported.json', {
        kind: 'customers',
        source: 'export',
        externalId: 'number',
        fields: { name: 'name', phone: 'phone' },
      });
      const { counts, told } = await importInto(database, 'customers', path, { mapping, sheet: '2' });
      expect(told).toEqual([]);
      expect(counts).toMatchObject({ rows: 3, created: 3, refused: 0 });
      const rows = await database.query(
        sql`select name, phone from customer where source = 'export' order by name`,
      );
      expect(rows).toEqual(
        [0, 1, 2].map((index) => ({ name: `远航电子 ${index}`, phone: `021-6000${index}` })),
      );
    } finally {
      await server.stop();
      await other.drop();
    }
  });
});
