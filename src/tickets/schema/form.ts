import type { TicketCategory, TicketChannel } from '../../generated/prisma/enums.ts';
import { builder } from '../../graphql/builder.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { requiredFields } from '../rules/form.ts';
import { TICKET_SETTINGS } from '../settings.ts';

interface Form {
  readonly category: TicketCategory;
  readonly channel: TicketChannel;
}

interface Procedure {
  readonly title: string;
  readonly url: string;
}

const ProcedureType = builder.objectRef<Procedure>('ComplaintProcedure').implement({
  description:
    'The complaint procedure that is in force (TIC-29), as the setting `ticket.complaintProcedure` names it.',
  fields: (t) => ({
    title: t.exposeString('title'),
    url: t.field({
      type: 'String',
      nullable: true,
      description: 'Where it can be read; null while it is not published.',
      resolve: ({ url }) => (url === '' ? null : url),
    }),
  }),
});

const FormType = builder.objectRef<Form>('TicketForm').implement({
  description: 'What the form of a new ticket asks for and names (FRM-06).',
  fields: (t) => ({
    requiredFields: t.field({
      type: ['String'],
      description:
        'Fields of `ticketOpen` without which it answers InvalidInput. A complaint by phone or on site may give `callbackPhone` for `callerPhone`.',
      resolve: ({ category, channel }) => [...requiredFields(category, channel)],
    }),
    procedure: t.field({
      type: ProcedureType,
      nullable: true,
      description: 'Of a complaint, what everybody who takes one in goes by (TIC-29).',
      resolve: ({ category }, _args, { read }) =>
        category === 'COMPLAINT' ? read.settings.get(TICKET_SETTINGS.complaintProcedure) : null,
    }),
  }),
});

builder.queryField('ticketForm', (t) =>
  t.field({
    type: FormType,
    description: 'The form for a new ticket of a category that came in by a channel.',
    args: {
      category: t.arg({ type: ENUMS.TicketCategory, required: true }),
      channel: t.arg({ type: ENUMS.TicketChannel, required: true }),
    },
    resolve: (_root, form) => form,
  }),
);
