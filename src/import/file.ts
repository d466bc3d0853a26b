import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { text } from '../lib/text.ts';
import type { ImportKind } from './kind.ts';
import { ownNames, parseMapping, rowMapper } from './mapping.ts';
import { type Format, readRecords } from './records.ts';
import { type ImportCounts, type ImportTarget, runImport } from './run.ts';
import { ImportStopped } from './stopped.ts';
import { checkEncoding, type Encoding, readLines } from './text-file.ts';

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
  /** Of wall clock times, where the mapping names none. */
  readonly timeZone: string;
}): Promise<PreparedImport> {
  const { kind, path, mappingPath, format, encoding } = options;
  const size = fileSize(path);
  const given = mappingPath === null ? null : parseMapping(mappingPath, readText(mappingPath), kind);
  await checkEncoding(path, encoding);
  let bytesRead = 0;
  const lines = readLines(path, encoding, (total) => {
    bytesRead = total;
  });
  const { columns, rows } = await readRecords(lines, { format, delimiter: given?.delimiter ?? ',' });
  const mapper = rowMapper(kind, given ?? ownNames(columns, kind), columns, options.timeZone);
  return {
    run: ({ onProgress, ...target }) =>
      runImport({
        ...target,
        kind,
        mapper,
        rows,
        timeZone: options.timeZone,
        fileName: basename(path),
        onBatch: (counts) => onProgress(counts, bytesRead / Math.max(size, 1)),
      }),
  };
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
