import type { Text } from '../lib/text.ts';

/** One thing wrong with a row of the file. */
export interface Problem {
  readonly line: number;
  /** The file's column; null when the row as a whole is meant. */
  readonly column: string | null;
  readonly value: string;
  readonly accepted: Text;
}
