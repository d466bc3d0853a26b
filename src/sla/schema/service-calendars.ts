import { customerById } from '../../customers/queries/customers.ts';
import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { nodeIdOf } from '../../graphql/ids.ts';
import { mutation } from '../../graphql/mutation.ts';
import { serviceCalendarSet } from '../commands/service-calendars.ts';
import { type ServiceCalendarRow, serviceCalendarsOf } from '../queries/service-calendars.ts';

const ServiceCalendarType = builder.objectRef<ServiceCalendarRow>('ServiceCalendar').implement({
  description:
    'The calendar that a customer’s contract promises for inquiries and shipment queries, instead of their policy’s (CFL-25). Part of the file.',
  fields: (t) => ({
    calendarCode: t.exposeString('calendarCode', {
      description: 'Code of the calendar, such as ALWAYS_OPEN.',
    }),
    contract: t.exposeString('contract', { description: 'The contract that says so.' }),
    reason: t.exposeString('reason', { description: 'Why it was set.' }),
    validFrom: t.field({ type: 'DateTime', resolve: (row) => row.validFrom }),
    validTo: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Exclusive; null while it applies.',
      resolve: (row) => row.validTo,
    }),
    setBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.setById) ?? null,
    }),
  }),
});

builder.objectField('CustomerFile' as never, 'serviceCalendars', (t) =>
  t.field({
    type: [ServiceCalendarType],
    description: 'Promises of service hours by contract, newest first; one applies at a time.',
    resolve: (file: { readonly id: string }, _args: unknown, { read }: Context) =>
      serviceCalendarsOf.load(read, file.id),
  }),
);

mutation('serviceCalendarSet', {
  description:
    'Has the clocks of a customer’s inquiries and shipment queries run in the calendar that the contract promises, from now on, or in their policy’s again (CFL-25): HEAD, SALES_SUPERVISOR and CS_SUPERVISOR who read the file. Open tickets move with it (TIC-36); complaints run day and night anyway.',
  errors: ['StaleVersion'],
  input: (t) => ({
    customerId: t.id({ required: true, ...nodeIdOf('Customer') }),
    calendarCode: t.string({ description: 'Of an approved calendar; null: the policy’s again.' }),
    contract: t.string({
      description: 'The contract that promises it, at most 100 characters; required with a calendar.',
    }),
    reason: t.string({ required: true, description: 'At most 2,000 characters.' }),
    expectedVersion: t.int({ required: true, description: 'The version of the customer that was read.' }),
  }),
  run: (tx, viewer, input, read) => serviceCalendarSet(tx, viewer, input, read),
  success: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      resolve: (done: { customerId: string }, _args: unknown, { read }: Context) =>
        customerById.load(read, done.customerId),
    }),
  }),
});
