import type { Viewer } from '../../organisation/rules/viewer.ts';
import { type KnownDimension, mayRead } from './figures.ts';

/** The areas whose changes mark days of the rollups. */
export const FACT_TABLES = ['tickets', 'shipments', 'contacts', 'budgets', 'targets'] as const;

/** What a dashboard is made of, and what a client reads again when it has changed. */
export const DASHBOARD_PARTS = ['TICKETS', 'COMPLAINTS', 'KEY_ACCOUNTS', 'VOLUME', 'KPIS', 'BUDGET'] as const;

export type DashboardPart = (typeof DASHBOARD_PARTS)[number];

const PARTS_OF: Readonly<Record<(typeof FACT_TABLES)[number], readonly DashboardPart[]>> = {
  tickets: ['TICKETS', 'COMPLAINTS', 'KPIS'],
  shipments: ['KEY_ACCOUNTS', 'VOLUME', 'KPIS'],
  contacts: ['KEY_ACCOUNTS', 'KPIS'],
  budgets: ['BUDGET', 'KPIS'],
  targets: ['KPIS'],
};

/** The parts that show figures of these areas. */
export function partsOf(facts: readonly (typeof FACT_TABLES)[number][]): DashboardPart[] {
  const changed = new Set(facts.flatMap((one) => PARTS_OF[one]));
  return DASHBOARD_PARTS.filter((part) => changed.has(part));
}

/**
 * Which parts a viewer may read in a dimension (section 23): figures of service to those who read service KPIs, volume
 * to those who read all of the dimension's KPIs, key accounts also to whoever reads all accounts, budgets to whoever
 * reads budgets of the company or of the department.
 */
export function openParts(
  viewer: Viewer,
  dimension: KnownDimension,
): Readonly<Record<DashboardPart, boolean>> {
  const service = mayRead(viewer, { service: true }, dimension);
  const everything = mayRead(viewer, { service: false }, dimension);
  const wide = dimension.kind === 'COMPANY' || dimension.kind === 'AREA';
  const budgets = [...viewer.rights].some((right) => right.startsWith('budget:read:'));
  return {
    TICKETS: service,
    COMPLAINTS: service,
    VOLUME: everything,
    KEY_ACCOUNTS: everything || (dimension.exists && wide && viewer.rights.has('keyAccount:read:ALL')),
    // Each value is judged by its own rights.
    KPIS: true,
    BUDGET: dimension.exists && budgets && (dimension.kind === 'COMPANY' || dimension.kind === 'DEPARTMENT'),
  };
}
