import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { text } from '../lib/text.ts';
import type { ImportKind } from './kind.ts';
import { ownNames, parseMapping, rowMapper } from './mapping.ts';
import { type Format, type Records, readRecords, type TextFormat, tableRecords } from './records.ts';
import { type ImportCounts, type ImportTarget, runImport } from './run.ts';
import { ImportStopped } from './stopped.ts';
import { checkEncoding, type Encoding, readLines } from './text-file.ts';
import { readWorkbook } from './workbook.ts';

export interface PreparedImport {
  /** Imports the rows; once. `onProgress` hears the counts and the share of the file that has been read. */
  run(
    target: ImportTarget & { readonly onProgress: (counts: Readonly<ImportCounts>, share: number) => void },
  ): Promise<Readonly<ImportCounts>>;
}

/** Finds all that makes a file or its mapping unusable as a whole, before there is a database to write to. */
export async function prepareImport(options: {
  readonly kind: ImportKind;
  readonly path: string;
  readonly mappingPath: string | null;
  readonly format: Format;
  readonly encoding: Encoding;
  /** Name or number of the sheet of a workbook; null where it has only one with cells. */
  readonly sheet: string | null;
  /** Of wall clock times, where the mapping names none. */
  readonly timeZone: string;
}): Promise<PreparedImport> {
  const { kind, path, mappingPath, format, encoding } = options;
  const size = fileSize(path);
  const given = mappingPath === null ? null : parseMapping(mappingPath, readText(mappingPath), kind);
  let share = 0;
  const { columns, rows } =
    format === 'xlsx'
      ? await tableRecords(
          sheetRows(path, options.sheet, (read) => {
            share = read;
          }),
        )
      : await textRecords();
  const mapper = rowMapper(
    kind,
    given ?? ownNames(columns, kind),
    columns,
    options.timeZone,
    format === 'xlsx',
  );
  return {
    run: ({ onProgress, ...target }) =>
      runImport({
        ...target,
        kind,
        mapper,
        rows,
        timeZone: options.timeZone,
        fileName: basename(path),
        onBatch: (counts) => onProgress(counts, share),
      }),
  };

  async function textRecords(): Promise<Records> {
    await checkEncoding(path, encoding);
    const lines = readLines(path, encoding, (total) => {
      share = total / Math.max(size, 1);
    });
    return readRecords(lines, {
      format: format as TextFormat,
      delimiter: given?.delimiter ?? ',',
    });
  }
}

/** The rows of a sheet from its first that is not empty. */
async function* sheetRows(path: string, sheet: string | null, onShare: (share: number) => void) {
  let width = 0;
  for await (const { line, cells } of readWorkbook(path, sheet, onShare)) {
    if (width === 0 && cells.every((cell) => cell.trim() === '')) continue;
    width ||= cells.length;
    // Sheets leave out the empty cells at the end of a row.
    yield { line, cells: [...cells, ...Array<string>(Math.max(width - cells.length, 0)).fill('')] };
  }
}

function fileSize(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile()) return stat.size;
  throw new ImportStopped(text(`There is no file ${path}.`, `文件 ${path} 不存在。`));
}

function readText(path: string): string {
  fileSize(path);
  return readFileSync(path, 'utf8');
}
