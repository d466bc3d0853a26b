import { builder } from '../graphql/builder.ts';
import { listTypes, rootList } from '../graphql/lists.ts';
import { nodeBy } from '../graphql/node.ts';
import { LEDGER_FIELDS, ledgerById, ledgerList, type LedgerRow } from './queries.ts';

const LedgerType = builder.objectRef<LedgerRow>('MonthlyLedger').implement({
  description:
    "What the ledgers of files, visits, contacts, complaints and satisfaction said when a month ended (CUS-08): of an account manager's customers, of those without one, or of all. Kept once, never changed. All lines for who reads customer reports, the own one for everybody.",
  fields: (t) => ({
    month: t.exposeString('month', { description: 'As 2026-11.' }),
    overall: t.exposeBoolean('overall', { description: 'The line of all customers together.' }),
    owner: t.field({
      type: 'Employee',
      nullable: true,
      description:
        'In charge of the customers when the month ended; null for those without one, and of the whole.',
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.ownerId ?? '') ?? null,
    }),
    customers: t.exposeInt('customers', { description: 'Existing customers (`customer.fileScope`).' }),
    filesComplete: t.exposeInt('filesComplete', { description: 'Those whose file is complete (KPI-55).' }),
    visitsDone: t.exposeInt('visitsDone', { description: 'Visits that were made in the month.' }),
    visitsMissed: t.exposeInt('visitsMissed', { description: 'Visits planned for the month and missed.' }),
    contactsReached: t.exposeInt('contactsReached', { description: 'Contacts with somebody reached.' }),
    complaintsReceived: t.exposeInt('complaintsReceived', { description: 'Not cancelled.' }),
    complaintsDue: t.exposeInt('complaintsDue', {
      description: 'Complaints whose final limit, of a reopened one the first, ended in the month.',
    }),
    complaintsInTime: t.exposeInt('complaintsInTime', { description: 'Those resolved within it.' }),
    followUpsAnswered: t.exposeInt('followUpsAnswered', {
      description: 'Calls after complaints that got an answer.',
    }),
    followUpsSatisfied: t.exposeInt('followUpsSatisfied', { description: 'By satisfied customers.' }),
    madeAt: t.field({ type: 'DateTime', resolve: (row) => row.madeAt }),
  }),
});
nodeBy(LedgerType, ledgerById);
rootList('monthlyLedgers', listTypes<LedgerRow>('MonthlyLedger', LedgerType, LEDGER_FIELDS), {
  description:
    'Lines of the monthly ledgers that the viewer may read: `where: {month: {eq: "2026-11"}, overall: {eq: true}}` for the whole of a month. LEDGER_MONTHLY tells HEAD and the clerk when there is a new one.',
  source: ledgerList,
});
