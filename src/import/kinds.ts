import { budgetImport } from '../budgets/import.ts';
import { contactImport, customerImport } from '../customers/import.ts';
import { targetImport } from '../kpis/import.ts';
import { employeeImport } from '../organisation/import.ts';
import { ticketImport } from '../tickets/import.ts';
import { shipmentImport } from '../shipments/import.ts';
import { contactLogImport, visitImport } from '../visits/import.ts';
import type { ImportKind } from './kind.ts';

/** What can be imported, by its name on the command line. */
export const IMPORT_KINDS: Readonly<Record<string, ImportKind>> = {
  tickets: ticketImport,
  customers: customerImport,
  contacts: contactImport,
  shipments: shipmentImport,
  employees: employeeImport,
  targets: targetImport,
  budgets: budgetImport,
  visits: visitImport,
  'contact-logs': contactLogImport,
};
