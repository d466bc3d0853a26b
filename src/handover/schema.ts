import { customerById } from '../customers/queries/customers.ts';
import { builder } from '../graphql/builder.ts';
import { ENUMS } from '../graphql/enums.ts';
import { globalId } from '../graphql/ids.ts';
import { listTypes, rootList } from '../graphql/lists.ts';
import { ticketById } from '../tickets/queries/tickets.ts';
import { HANDOVER_FIELDS, handoverList, type HandoverRow } from './queries.ts';

const HandoverType = builder.objectRef<HandoverRow>('HandoverRecord').implement({
  description:
    'Work that passed from somebody who left or changed role to another (PRM-06). Read by both, by those who work on all tickets, and by those who read the audit.',
  fields: (t) => ({
    id: t.field({ type: 'ID', resolve: (row) => globalId('HandoverRecord', row.id) }),
    at: t.field({ type: 'DateTime', resolve: (row) => row.at }),
    subject: t.field({
      type: ENUMS.HandoverSubject,
      description: 'A ticket, the ownership of a customer, or the custody of a file.',
      resolve: (row) => row.subject,
    }),
    reason: t.field({ type: ENUMS.HandoverReason, resolve: (row) => row.reason }),
    from: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.fromId) ?? null,
    }),
    to: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Null for a ticket that waits in its queue.',
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.toId ?? '') ?? null,
    }),
    ticket: t.field({
      type: 'Ticket',
      nullable: true,
      description: 'Of a ticket; null for a viewer who may not read it.',
      resolve: (row, _args, { read }) =>
        row.subject === 'TICKET' ? ticketById.load(read, row.subjectId) : null,
    }),
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'Of a customer, as the viewer may see it.',
      resolve: (row, _args, { read }) =>
        row.subject === 'TICKET' ? null : customerById.load(read, row.subjectId),
    }),
  }),
});
rootList('handoverRecords', listTypes<HandoverRow>('HandoverRecord', HandoverType, HANDOVER_FIELDS), {
  description: 'Work that was handed over, as far as the viewer may read of it (PRM-06).',
  source: handoverList,
});
