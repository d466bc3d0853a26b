/** One change of a record, as the log of its source has it. */
export interface LogEntry {
  readonly line: number;
  readonly at: Date;
  /** By field, after the change. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The same before it; null for the first entry. */
  readonly before: Readonly<Record<string, unknown>> | null;
  /** Facts that differ, by name: [before, after]. The first entry has all that was known then. */
  readonly changes: Readonly<Record<string, readonly [unknown, unknown]>>;
}
