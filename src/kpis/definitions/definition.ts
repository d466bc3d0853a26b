import type { KpiDimensionKind, KpiDirection, KpiUnit } from '../../generated/prisma/enums.ts';
import type { Text } from '../../lib/text.ts';
import type { Sql } from '../../platform/sql.ts';
import type { KpiFacts, Measured } from '../rules.ts';

/** A metric: what it means, who answers for it, and how it is computed (KPM-03). */
export interface KpiDefinition {
  /** Stable; `KPI_37` for the rulebook's KPI-37. */
  readonly key: string;
  readonly rule: string;
  /** Grows when formula or source change, so that a value says by which definition it was made. */
  readonly version: number;
  readonly title: Text;
  readonly unit: KpiUnit;
  readonly direction: KpiDirection;
  readonly formula: string;
  readonly computedBy: string;
  /** Who answers for the value. */
  readonly owner: string;
  /** The data it is made of. */
  readonly source: string;
  readonly dimensions: readonly KpiDimensionKind[];
  /** A figure of service, open to those who serve (section 23). */
  readonly service: boolean;
  /** It stands for a table of values, such as one for each cause. */
  readonly severalValues: boolean;
  /** How it is computed; null for a metric that is only registered. */
  readonly measure: KpiMeasure | null;
}

export interface KpiMeasure {
  readonly source: KpiSource;
  readonly compute: (facts: KpiFacts) => Measured;
  /** The value of a period waits for events after it: answers, follow-ups, reopenings. */
  readonly waits: boolean;
}

/** Facts that one or more metrics are computed from, with one statement for all that is asked of them. */
export interface KpiSource {
  readonly name: string;
  /** A select of one row, `numerator` and `denominator`, both whole numbers. */
  readonly facts: (scope: SourceScope) => Sql;
}

/** What a source is asked for. */
export interface SourceScope {
  readonly start: Date;
  /** Exclusive. */
  readonly end: Date;
  readonly now: Date;
  /** True of the tickets `t` that lie in the dimension. */
  readonly within: Sql;
  /** Days within which a reopening takes back a result. */
  readonly reopenDays: number;
}

export const ALL_DIMENSIONS: readonly KpiDimensionKind[] = [
  'COMPANY',
  'DEPARTMENT',
  'TEAM',
  'EMPLOYEE',
  'CUSTOMER',
  'AREA',
];
export const COMPANY_ONLY: readonly KpiDimensionKind[] = ['COMPANY'];

/** What the metrics of tickets have in common. */
export const OF_TICKETS = {
  version: 1,
  computedBy: 'system',
  dimensions: ALL_DIMENSIONS,
  service: true,
  severalValues: false,
} as const;
