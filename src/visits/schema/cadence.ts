import { customerById } from '../../customers/queries/customers.ts';
import { recordedRead } from '../../customers/rules.ts';
import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { globalId, localId } from '../../graphql/ids.ts';
import { type ArgumentBuilder, asGraphQLError, listTypes, rootList } from '../../graphql/lists.ts';
import { invalid } from '../../lib/errors.ts';
import { InvalidPeriod, parsePeriod, periodOf } from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import {
  type CadenceStanding,
  cadenceOf,
  CONTACT_ENTRY_FIELDS,
  contactEntries,
  type ContactEntry,
  type CoverageRow,
  DUE_FIELDS,
  dueContactList,
  type DueContactRow,
  priorityCoverage,
} from '../queries/cadence.ts';
import type { Source } from '../rules/cadence.ts';

const DueContactType = builder.objectRef<DueContactRow>('DueContact').implement({
  description: 'A contact that a customer is still owed (VIS-06).',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The same as long as it is owed.' }),
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'Who is owed it.',
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    dimension: t.field({
      type: ENUMS.CadenceDimension,
      description: 'Which kind of contact.',
      resolve: (row) => row.dimension,
    }),
    period: t.exposeString('period', {
      description: 'The window, such as 2026-W48 or 2026-11; of what rolls the day from which it runs.',
    }),
    required: t.exposeInt('required', { description: 'How many are asked for in the window.' }),
    done: t.exposeInt('done', { description: 'How many were made that count (VIS-16).' }),
    startsAt: t.field({
      type: 'DateTime',
      description: 'From when it runs.',
      resolve: (row) => row.startsAt,
    }),
    dueAt: t.field({ type: 'DateTime', description: 'By when.', resolve: (row) => row.dueAt }),
    state: t.field({
      type: ENUMS.ObligationState,
      description: 'OPEN, WARNED (due soon), or OVERDUE and running on.',
      resolve: (row) => row.state,
    }),
  }),
});

rootList<DueContactRow, { manager?: string | null }>(
  'dueContacts',
  listTypes<DueContactRow>('DueContact', DueContactType, DUE_FIELDS),
  {
    description:
      "What one manager's customers are owed, the most urgent first: customers owned, and key accounts served as specialist. Only of customers whose contacts the viewer may read.",
    args: (t: ArgumentBuilder) => ({
      manager: t.id({ description: "An employee's id; the caller without it." }),
    }),
    source: (reader, _asked, { manager }) => {
      const id = manager == null ? reader.viewer.employeeId : localId(manager, 'Employee');
      if (id === null) throw invalid('manager', text('the id of an Employee', '员工的 id'));
      return dueContactList(reader, id);
    },
  },
);

const CadenceSourceType = builder.objectRef<Source>('CadenceSource').implement({
  description: 'A policy that asks for contacts of this kind.',
  fields: (t) => ({
    basis: t.exposeString('basis', {
      description: 'GRADE, LEVEL, SPECIAL, ACTIVE_CUSTOMER or LEASING.',
    }),
    of: t.exposeString('of', { nullable: true, description: 'The grade or level.' }),
    required: t.exposeInt('required', { description: 'So many in its own window.' }),
    window: t.exposeString('window', {
      description: 'WEEKS_1, WEEKS_2, MONTH, QUARTER; MONTHS_2 or DAYS_90 rolling from the last contact.',
    }),
    strict: t.exposeBoolean('strict', {
      description: 'Whether its demand is the one that holds; others are met with it (CFL-03).',
    }),
  }),
});

const CadenceType = builder.objectRef<CadenceStanding>('Cadence').implement({
  description: 'What a customer is owed on one dimension, where it stands, and which policy asks for it.',
  fields: (t) => ({
    dimension: t.field({
      type: ENUMS.CadenceDimension,
      description: 'Which kind of contact.',
      resolve: ({ demand }) => demand.dimension,
    }),
    hostSeniority: t.field({
      type: ENUMS.ContactSeniority,
      nullable: true,
      description: 'At least so senior must the person visited be (VIS-04, VIS-05).',
      resolve: ({ demand }) => demand.host,
    }),
    required: t.int({
      description: 'The stricter of all policies (CFL-03).',
      resolve: ({ demand, due }) => due?.required ?? demand.required,
    }),
    done: t.int({ description: 'Contacts that count.', resolve: ({ due }) => due?.done ?? 0 }),
    period: t.string({
      nullable: true,
      description: 'The present window; null until the first that counts has begun.',
      resolve: ({ due }) => due?.period ?? null,
    }),
    startsAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'From when the window runs.',
      resolve: ({ due }) => due?.startsAt ?? null,
    }),
    dueAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'By when.',
      resolve: ({ due }) => due?.dueAt ?? null,
    }),
    state: t.field({
      type: ENUMS.ObligationState,
      nullable: true,
      description: 'OPEN, WARNED (due soon), MET or OVERDUE.',
      resolve: ({ due }) => due?.state ?? null,
    }),
    sources: t.field({
      type: [CadenceSourceType],
      description: 'The policies that ask for it.',
      resolve: ({ demand }) => [...demand.sources],
    }),
  }),
});

for (const [type, customerOf] of [
  ['Customer', (row: { readonly id: string }) => row.id],
  ['KeyAccount', (row: { readonly customerId?: string }) => row.customerId ?? ''],
] as const) {
  builder.objectField(type as never, 'cadence', (t) =>
    (t as unknown as { field: (options: unknown) => never }).field({
      type: [CadenceType],
      description:
        'All contacts that the customer is owed and what made each strict; empty where the viewer may not read its contacts.',
      resolve: (row: never, _args: unknown, context: Context) =>
        cadenceOf.load(context.read, (customerOf as (row: never) => string)(row)),
    }),
  );
}

const ContactEntryType = builder.objectRef<ContactEntry>('ContactListEntry').implement({
  description: 'A line of the contact list (FRM-21).',
  fields: (t) => ({
    id: t.id({
      description: 'Of the contact, for node.',
      resolve: (row) => globalId('Contact', row.id),
    }),
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'Where the person works; with its grade.',
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    name: t.exposeString('name', { description: 'The person.' }),
    title: t.exposeString('title', { nullable: true, description: 'Their position.' }),
    seniority: t.field({
      type: ENUMS.ContactSeniority,
      description: 'How senior they are.',
      resolve: (row) => row.seniority,
    }),
    isKeyPerson: t.exposeBoolean('isKeyPerson', { description: 'A key person (KEY-19).' }),
    phone: t.exposeString('phone', { nullable: true, description: 'Phone, else mobile.' }),
    lastContactAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When they were last reached or visited.',
      resolve: (row) => row.lastContactAt,
    }),
    nextDueAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the next contact with the customer is due.',
      resolve: (row) => row.nextDueAt,
    }),
  }),
});

rootList('contactList', listTypes<ContactEntry>('ContactListEntry', ContactEntryType, CONTACT_ENTRY_FIELDS), {
  description: 'The contact list of FRM-21: contact persons of the customers whose file the viewer may read.',
  source: contactEntries,
  onRead: (rows, context) => {
    const files = new Map(rows.map(({ customerId, fileGrade }) => [customerId, fileGrade]));
    for (const [id, grade] of files) {
      const read = recordedRead(context.read.viewer, { id, grade }, 'contacts');
      if (read) context.recordRead(read);
    }
  },
});

const CoverageType = builder.objectRef<CoverageRow>('PriorityCoverage').implement({
  description:
    'How many priority customers of one owner were called and visited in a period (VIS-14, KEY-30).',
  fields: (t) => ({
    owner: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Whose customers they are; null for those that nobody owns.',
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.ownerId ?? '') ?? null,
    }),
    customers: t.exposeInt('customers', { description: 'Priority customers (customer.priorityRule).' }),
    called: t.exposeInt('called', { description: 'Of them, reached by phone.' }),
    visited: t.exposeInt('visited', { description: 'Of them, visited.' }),
    neither: t.exposeInt('neither', { description: 'Of them, neither called nor visited.' }),
  }),
});

builder.queryField('priorityCoverage', (t) =>
  t.field({
    type: [CoverageType],
    description:
      'Calls and visits of priority customers in a period, by owner, those with the most that were neither called nor visited first; of customers whose contacts the viewer may read.',
    args: {
      period: t.arg.string({
        description: 'A week, month, quarter or year, such as 2026-11; the present month without it.',
      }),
    },
    resolve: (_root, { period }, context) => {
      const { read } = context;
      try {
        return priorityCoverage(
          read,
          period == null
            ? periodOf(read.now.getTime(), 'MONTH', read.timeZone)
            : parsePeriod(period, read.timeZone),
        );
      } catch (error) {
        if (!(error instanceof InvalidPeriod)) throw error;
        throw asGraphQLError(
          invalid(
            'period',
            text('a period such as 2026-W48, 2026-11, 2026-Q4', '期间，如 2026-W48、2026-11、2026-Q4'),
          ),
          context,
        );
      }
    },
  }),
);
