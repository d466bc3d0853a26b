import type { WallClock } from '../lib/local-time.ts';
import type { CellType, CellValue, ExportRow, FileColumn } from './cells.ts';

/** Without it the Chinese Excel reads the file as GBK. */
export const BYTE_ORDER_MARK = '\uFEFF';

/** What spreadsheets take for the beginning of a formula, full-width forms included. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/;

/** RFC 4180: quoted where it must be, quotes doubled. */
function quoted(text: string): string {
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Text that no spreadsheet computes with: an apostrophe in front of what would be a formula. Numbers need none. */
function guarded(text: string): string {
  return quoted(FORMULA.test(text) ? `'${text}` : text);
}

export function csvCell(type: CellType, value: CellValue, clock: WallClock): string {
  if (value === null) return '';
  if (type === 'instant') return clock.format((value as Date).getTime());
  return type === 'text' ? guarded(String(value)) : String(value);
}

/** The heading and the rows as text, one piece for each batch; `mark` stands at the end of every row. */
export async function* csvText(file: {
  readonly columns: readonly FileColumn[];
  readonly batches: AsyncIterable<readonly ExportRow[]>;
  readonly clock: WallClock;
  readonly mark: { readonly heading: string; readonly value: string };
}): AsyncGenerator<string> {
  const { columns, batches, clock, mark } = file;
  const headings = [...columns.map(({ heading }) => heading), mark.heading];
  yield `${BYTE_ORDER_MARK}${headings.map(guarded).join(',')}\r\n`;
  const end = `,${guarded(mark.value)}\r\n`;
  for await (const rows of batches) {
    let text = '';
    for (const row of rows) {
      for (let place = 0; place < columns.length; place += 1) {
        const { type, value } = columns[place] as FileColumn;
        text += `${place > 0 ? ',' : ''}${csvCell(type, value(row), clock)}`;
      }
      text += end;
    }
    yield text;
  }
}
