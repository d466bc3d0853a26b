import type { FactTable, KpiSource, MedianSource, PeriodSource } from '../definition.ts';
import { budgetToDate } from './budgets.ts';
import { contactWeeks, endedContactWeeks } from './contacts.ts';
import { activity, concentration, files, loyalty, newCustomers } from './customers.ts';
import { anomalyWarnings, keptTargets } from './kept-values.ts';
import { keyAccountRevenue } from './key-accounts.ts';
import {
  acceptedShipments,
  carriageMargin,
  dueOrders,
  harmedShipments,
  orderCycles,
  promisedDeliveries,
  recognisedRevenue,
} from './shipments.ts';
import {
  answeredFollowUps,
  answeredQueries,
  complaintTimes,
  complaintsAtRisk,
  dueComplaints,
  dueTickets,
  openComplaints,
  openTickets,
  receivedComplaints,
  receivedInquiries,
  receivedQueries,
  receivedTickets,
  resolvedComplaints,
  handlingTimes,
  ticketsAtRisk,
} from './tickets.ts';

/** Everything that the rollup counts. */
export const SOURCES: readonly KpiSource[] = [
  receivedTickets,
  openTickets,
  ticketsAtRisk,
  dueTickets,
  receivedComplaints,
  openComplaints,
  complaintsAtRisk,
  dueComplaints,
  resolvedComplaints,
  answeredFollowUps,
  receivedInquiries,
  receivedQueries,
  answeredQueries,
  acceptedShipments,
  harmedShipments,
  recognisedRevenue,
  carriageMargin,
  promisedDeliveries,
  dueOrders,
  orderCycles,
  endedContactWeeks,
  contactWeeks,
];

export const MEDIAN_SOURCES: readonly MedianSource[] = [handlingTimes, complaintTimes];

/** Everything that is read for whole periods. */
export const PERIOD_SOURCES: readonly PeriodSource[] = [
  activity,
  newCustomers,
  files,
  concentration,
  loyalty,
  keyAccountRevenue,
  budgetToDate,
  keptTargets,
  anomalyWarnings,
];

export function sourcesOf(facts: FactTable): readonly KpiSource[] {
  return SOURCES.filter((source) => source.facts === facts);
}
