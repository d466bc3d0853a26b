import type {
  KpiDimensionKind,
  KpiDirection,
  KpiUnit,
  MetricCut,
  Role,
} from '../../generated/prisma/enums.ts';
import type { PeriodKind } from '../../lib/periods.ts';
import type { Text } from '../../lib/text.ts';
import type { Settings } from '../../platform/settings-register.ts';
import type { Sql } from '../../platform/sql.ts';
import type { FACT_TABLES } from '../rules/dashboard.ts';
import type { Counted, Measured } from '../rules/figures.ts';

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
  /** Who answers for the value: a role, or what it is called where no role is one. */
  readonly owner: string;
  /** The data it is made of. */
  readonly source: string;
  readonly dimensions: readonly KpiDimensionKind[];
  /** People whose own value is kept at the close, too: holders of these roles, whom it appraises. */
  readonly appraises?: readonly Role[];
  /** A figure of service, open to those who serve (section 23). */
  readonly service: boolean;
  /** It stands for a table of values, such as one for each cause. */
  readonly severalValues: boolean;
  /** What is not in the product, for a metric that is only registered; where left out, its whole source. */
  readonly missing?: string;
  /** How it is computed; null for a metric that is only registered. */
  readonly measure: KpiMeasure | null;
}

export interface KpiMeasure {
  /** What it is made of, in the order in which `compute` takes it. */
  readonly of: readonly KpiQuery[];
  readonly compute: (...counted: Counted[]) => Measured;
  /** The value of a period waits for events after it: answers, follow-ups, reopenings. */
  readonly waits: boolean;
  /** For how many days, where `kpi.settleDays` are too few. */
  readonly waitsDays?: number;
  /** A sum that grows while its period runs: below its target before the end says nothing. */
  readonly grows: boolean;
  /** A change: it may lie below zero and above a whole. */
  readonly signed?: true;
  /** Kinds of period for which the formula says something; all where left out. */
  readonly periods?: readonly PeriodKind[];
  /** What the rows of its table are keys of. */
  readonly parts?: KpiPartKind;
}

/** What the rows of a table of values stand for: a code of their kind, the id of a customer, or the key of a metric. */
export type KpiPartKind = 'GRADE' | 'CAUSE' | 'CUSTOMER' | 'KPI' | 'GAP' | 'LOYALTY';

export type KpiQuery = FactQuery | PeriodQuery | TargetQuery;

/** Counts of a source in the period that is asked for, in the same one of the year before, or in the one before it. */
export interface FactQuery {
  readonly source: KpiSource;
  readonly span: 'PERIOD' | 'YEAR_BEFORE' | 'PREVIOUS';
  /** Broken down instead of whole. */
  readonly cut?: Exclude<MetricCut, 'NONE'>;
}

/** What a source says of the whole period. */
export interface PeriodQuery {
  readonly periodSource: PeriodSource;
}

/** The target of another metric in the same period and dimension: its value as numerator over 1, or over 0 where none is set. */
export interface TargetQuery {
  readonly targetOf: string;
}

/** The areas whose changes mark days: to be counted again, or only to tell that figures read elsewhere have changed. */
export type FactTable = (typeof FACT_TABLES)[number];

/**
 * What one or more metrics count. A source says which rows count on which business day; the rollup sums them up per
 * day and dimension into `metric_fact`, and every figure is read from there.
 */
export interface KpiSource {
  readonly name: string;
  readonly facts: FactTable;
  /** What its figures can be broken down by, beside the dimensions. */
  readonly cuts: readonly Exclude<MetricCut, 'NONE'>[];
  /**
   * A select of one row for each thing counted: `day`, the ids of its dimensions (`department_id`, `team_id`,
   * `employee_id`, `customer_id`, `area_id`), a text column for each cut, `numerator`, `denominator`, and `changes_at`:
   * when time alone will change what the row counts, or null.
   */
  readonly rows: (scope: SourceScope) => Sql;
}

/** Measurements whose middle value is asked for. They are kept sorted by day, since medians do not add up from sums. */
export interface MedianSource extends Pick<KpiSource, 'name' | 'facts' | 'cuts'> {
  /** A select of `day`, the dimensions, the cuts and what was `measured`: milliseconds as a whole number. */
  readonly rows: (days: Sql) => Sql;
}

/**
 * What cannot be summed up from days: who was active at two ends, which customer came first, how files stand. It is
 * read for whole periods from rollups by customer and from tables with few rows, never from tickets or shipments, with
 * one statement for all sources and periods of a request.
 */
export interface PeriodSource {
  readonly name: string;
  /** The areas whose marks that wait say how old it is. */
  readonly facts: readonly FactTable[];
  /** Days before its period that it looks back on; null for all days. A correction looks as far ahead. */
  readonly lookBackDays: (settings: Settings) => number | null;
  /** Known only as it stands now: of a period that has ended there is what was kept at its close. */
  readonly presentOnly?: true;
  /** It is made of kept values: they are kept and corrected before it. */
  readonly readsKept?: true;
  /**
   * A select of `place`, `position` (the order of rows), `cut` (empty for the whole, else the key of a row), the numbers
   * `numerator` and `denominator`, and `target`, for each row of the relation `a`.
   */
  readonly rows: (scope: PeriodScope) => Sql;
}

export interface PeriodScope {
  /**
   * A relation `a` of `place`, dimension `kind` and `id`, `starts_at` and `ends_at`, the business days `first_day`,
   * `until_day` (exclusive), `last_day` (of those up to today) and `day_before`. It has no periods that are still to come.
   */
  readonly asked: Sql;
  readonly now: Date;
  readonly timeZone: string;
  readonly settings: Settings;
}

/** What a source is asked for. */
export interface SourceScope {
  /** A relation `d` of `day`, `starts_at`, `ends_at` (exclusive) and `week_starts_at`, for `from`. */
  readonly days: Sql;
  readonly now: Date;
  /** Days within which a reopening takes back a result. */
  readonly reopenDays: number;
  /** Calls that a week asks of a key account: a relation `q` of `level`, `grade` (null for none) and `calls`. */
  readonly requiredCalls: Sql;
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

/** What the metrics of shipments have in common: cut by customer, its owner and its area. */
export const OF_SHIPMENTS = {
  version: 1,
  computedBy: 'system',
  dimensions: ['COMPANY', 'EMPLOYEE', 'CUSTOMER', 'AREA'],
  severalValues: false,
} as const satisfies Partial<KpiDefinition>;

/** What the metrics of customers have in common: they cannot be cut by who handles what. */
export const OF_CUSTOMERS = {
  version: 1,
  computedBy: 'system',
  dimensions: ['COMPANY', 'EMPLOYEE', 'CUSTOMER', 'AREA'],
  service: false,
  severalValues: false,
} as const satisfies Partial<KpiDefinition>;

/** The counts of one source in the period itself. */
export function inPeriod(source: KpiSource): FactQuery {
  return { source, span: 'PERIOD' };
}

/** The areas whose changes change what is asked for. */
export function factsOfQuery(query: KpiQuery): readonly FactTable[] {
  if ('source' in query) return [query.source.facts];
  return 'periodSource' in query ? query.periodSource.facts : [];
}

/** Whether a metric is made of kept values of others. */
export function readsKept({ measure }: Pick<KpiDefinition, 'measure'>): boolean {
  return measure?.of.some((query) => 'periodSource' in query && query.periodSource.readsKept) ?? false;
}

/** Whether a metric is known only as it stands now. */
export function isPresentOnly({ measure }: Pick<KpiDefinition, 'measure'>): boolean {
  return measure?.of.some((query) => 'periodSource' in query && query.periodSource.presentOnly) ?? false;
}
