import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import type { WallClock } from '../lib/local-time.ts';
import type { CellType, CellValue, ExportRow, FileColumn } from './cells.ts';

/** What a workbook says of itself: on its first sheet, in its properties, and at the head of every printed page. */
export interface WorkbookAbout {
  readonly title: string;
  readonly notice: string;
  readonly exportId: string;
  readonly creator: string;
  readonly createdAt: Date;
  /** Names of the two sheets. */
  readonly sheets: { readonly about: string; readonly data: string };
  /** What stands on the first sheet: names and values. */
  readonly facts: readonly (readonly [name: string, value: string])[];
}

/**
 * A workbook as a stream: the few parts of the format (ECMA-376) written by hand, zipped as they come. Nothing is kept
 * but the batch in hand, so that its memory does not grow with its rows; `onError` hears of a batch that fails.
 */
export function xlsxStream(file: {
  readonly columns: readonly FileColumn[];
  readonly rowCount: number;
  readonly batches: AsyncIterable<readonly ExportRow[]>;
  readonly clock: WallClock;
  readonly about: WorkbookAbout;
}): Readable {
  const { about } = file;
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  const options = { mtime: about.createdAt };
  function part(path: string, xml: string): void {
    zip.addBuffer(Buffer.from(`${DECLARATION}${xml}`), path, options);
  }
  part('[Content_Types].xml', CONTENT_TYPES);
  part('_rels/.rels', RELATIONS);
  part('docProps/core.xml', properties(about));
  part('xl/workbook.xml', workbook(about.sheets));
  part('xl/_rels/workbook.xml.rels', WORKBOOK_RELATIONS);
  part('xl/styles.xml', STYLES);
  part('xl/worksheets/sheet1.xml', aboutSheet(about));
  const sheet = Readable.from(dataSheet(file), { objectMode: false });
  sheet.once('error', (error) => output.destroy(error));
  // Whoever stops reading the file stops the reading of its rows.
  output.once('close', () => sheet.destroy());
  zip.addReadStream(sheet, 'xl/worksheets/sheet2.xml', options);
  zip.end();
  return output;
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATION = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const SHEET_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

const CONTENT_TYPES = `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/><Override PartName="/xl/workbook.xml" ContentType="${SHEET_TYPE}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${SHEET_TYPE}.styles+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${SHEET_TYPE}.worksheet+xml"/><Override PartName="/xl/worksheets/sheet2.xml" ContentType="${SHEET_TYPE}.worksheet+xml"/></Types>`;

const RELATIONS = `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${RELATION}/officeDocument" Target="xl/workbook.xml"/><Relationship Id="rId2" Type="${PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`;

const WORKBOOK_RELATIONS = `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${RELATION}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${RELATION}/worksheet" Target="worksheets/sheet2.xml"/><Relationship Id="rId3" Type="${RELATION}/styles" Target="styles.xml"/></Relationships>`;

/** Places in the list of cell formats below. */
const STYLE = { plain: 0, heading: 1, instant: 2, date: 3, money: 4, integer: 5, wrapped: 6 } as const;

const STYLES = `<styleSheet xmlns="${MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="7"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="1" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`;

function workbook({ about, data }: WorkbookAbout['sheets']): string {
  return `<workbook xmlns="${MAIN}" xmlns:r="${RELATION}"><bookViews><workbookView activeTab="1"/></bookViews><sheets><sheet name="${escaped(about)}" sheetId="1" r:id="rId1"/><sheet name="${escaped(data)}" sheetId="2" r:id="rId2"/></sheets></workbook>`;
}

function properties(about: WorkbookAbout): string {
  const created = `${about.createdAt.toISOString().slice(0, 19)}Z`;
  return `<cp:coreProperties xmlns:cp="${PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>${escaped(about.title)}</dc:title><dc:creator>${escaped(about.creator)}</dc:creator><dc:description>${escaped(about.notice)}</dc:description><dc:identifier>${escaped(about.exportId)}</dc:identifier><dcterms:created xsi:type="dcterms:W3CDTF">${created}</dcterms:created></cp:coreProperties>`;
}

function aboutSheet({ facts }: WorkbookAbout): string {
  const rows = facts.map(
    ([name, value], index) =>
      `<row r="${index + 1}">${inline(`A${index + 1}`, name, STYLE.heading)}${inline(`B${index + 1}`, value, STYLE.wrapped)}</row>`,
  );
  return `<worksheet xmlns="${MAIN}"><cols><col min="1" max="1" width="22" customWidth="1"/><col min="2" max="2" width="100" customWidth="1"/></cols><sheetData>${rows.join('')}</sheetData></worksheet>`;
}

/** Columns are wide enough for what they usually hold; text is cut by the next cell, and read in full in its own. */
const WIDTH: Record<CellType, number> = {
  text: 24,
  integer: 10,
  money: 16,
  date: 12,
  instant: 20,
  boolean: 9,
};

async function* dataSheet(file: {
  readonly columns: readonly FileColumn[];
  readonly rowCount: number;
  readonly batches: AsyncIterable<readonly ExportRow[]>;
  readonly clock: WallClock;
  readonly about: WorkbookAbout;
}): AsyncGenerator<string> {
  const { columns, rowCount, batches, clock, about } = file;
  const letters = columns.map((_, place) => columnLetters(place));
  const area = `A1:${letters.at(-1)}${rowCount + 1}`;
  const widths = columns.map(
    ({ type }, place) =>
      `<col min="${place + 1}" max="${place + 1}" width="${WIDTH[type]}" customWidth="1"/>`,
  );
  const headings = columns.map(({ heading }, place) => inline(`${letters[place]}1`, heading, STYLE.heading));
  yield `${DECLARATION}<worksheet xmlns="${MAIN}"><dimension ref="${area}"/><sheetViews><sheetView tabSelected="1" workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>${widths.join('')}</cols><sheetData><row r="1">${headings.join('')}</row>`;
  let number = 1;
  for await (const rows of batches) {
    let xml = '';
    for (const row of rows) {
      number += 1;
      xml += `<row r="${number}">`;
      for (let place = 0; place < columns.length; place += 1) {
        const { type, value } = columns[place] as FileColumn;
        xml += xlsxCell(`${letters[place]}${number}`, type, value(row), clock);
      }
      xml += '</row>';
    }
    yield xml;
  }
  yield `</sheetData><autoFilter ref="${area}"/><headerFooter><oddHeader>&amp;L${headerText(about.notice)}</oddHeader><oddFooter>&amp;L${headerText(`${about.exportId} · ${about.creator} · ${clock.format(about.createdAt.getTime())}`)}&amp;R&amp;P / &amp;N</oddFooter></headerFooter></worksheet>`;
}

/** 0 is A, 26 is AA. */
export function columnLetters(place: number): string {
  const letter = String.fromCharCode(65 + (place % 26));
  return place < 26 ? letter : `${columnLetters(Math.floor(place / 26) - 1)}${letter}`;
}

/** A number that a double holds to its last digit; longer ones stay text. */
const EXACT_DIGITS = 15;
const DAY_MS = 86_400_000;
/** Day 0 of the calendar of spreadsheets, which holds from 1 March 1900 on: before it counts a day that never was. */
const EPOCH = Date.UTC(1899, 11, 30);
const FIRST = Date.UTC(1900, 2, 1);

export function xlsxCell(reference: string, type: CellType, value: CellValue, clock: WallClock): string {
  if (value === null) return '';
  switch (type) {
    case 'integer':
      return numberCell(reference, String(value), STYLE.integer);
    case 'money': {
      const digits = String(value).replace(/^-?0*(?=\d)|[.-]/g, '').length;
      return digits <= EXACT_DIGITS
        ? numberCell(reference, String(value), STYLE.money)
        : inline(reference, String(value), STYLE.plain);
    }
    case 'boolean':
      return `<c r="${reference}" t="b"><v>${value === true ? 1 : 0}</v></c>`;
    case 'date': {
      const day = Date.parse(`${value}T00:00:00Z`);
      return day < FIRST
        ? inline(reference, String(value), STYLE.plain)
        : numberCell(reference, String((day - EPOCH) / DAY_MS), STYLE.date);
    }
    case 'instant': {
      const instant = (value as Date).getTime();
      const local = instant + clock.offsetAt(instant);
      return local < FIRST
        ? inline(reference, clock.format(instant), STYLE.plain)
        : numberCell(reference, String((local - EPOCH) / DAY_MS), STYLE.instant);
    }
    default:
      return inline(reference, String(value), STYLE.plain);
  }
}

function numberCell(reference: string, digits: string, style: number): string {
  return `<c r="${reference}" s="${style}"><v>${digits}</v></c>`;
}

/** The most characters of a cell. */
const CELL_MOST = 32_767;

/** Text inside the cell itself: never a formula, and no table of shared texts that would grow with the rows. */
function inline(reference: string, value: string, style: number): string {
  if (value === '') return '';
  const kept = value.length > CELL_MOST ? `${value.slice(0, CELL_MOST - 1)}…` : value;
  const styled = style === STYLE.plain ? '' : ` s="${style}"`;
  return `<c r="${reference}" t="inlineStr"${styled}><is><t xml:space="preserve">${escaped(kept)}</t></is></c>`;
}

/** Characters that XML cannot hold, and what would read as the escape of one: ECMA-376 writes them as _xHHHH_. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const UNSAFE = /[\x00-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF\r]|_(?=x[0-9A-Fa-f]{4}_)/g;
const MARKUP = /[&<>"]/g;
const ENTITY: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(value: string): string {
  // Half of a character that needs two, as is left where text was cut, is no character.
  return value
    .toWellFormed()
    .replace(
      UNSAFE,
      (character) => `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`,
    )
    .replace(MARKUP, (character) => ENTITY[character] ?? character);
}

/** All of a header has at most 255 characters. */
const HEADER_MOST = 200;

/** An ampersand would begin a code of the header. */
function headerText(value: string): string {
  return escaped(value.slice(0, HEADER_MOST).replaceAll('&', '&&'));
}
