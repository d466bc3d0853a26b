import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { ENUMS } from '../graphql/enums.ts';
import { nodeIdOf } from '../graphql/ids.ts';
import { listTypes, nestedList, rootList } from '../graphql/lists.ts';
import { subjectLoader } from '../graphql/live-types.ts';
import { AccessType, type ActionRight, ActionRightType, money } from '../graphql/shared-types.ts';
import { type InputFields, mutation } from '../graphql/mutation.ts';
import { nodeBy } from '../graphql/node.ts';
import { sql } from '../platform/sql.ts';
import { contactCreate, contactUpdate } from './commands/contacts.ts';
import { customerAccessDecide, customerAccessRequest } from './commands/access.ts';
import { customerAssign, customerUnassign } from './commands/assignments.ts';
import { customerCreate, customerUpdate } from './commands/customers.ts';
import {
  ACCESS_GRANT_FIELDS,
  accessGrantById,
  accessGrantList,
  type AccessGrantRow,
} from './queries/access-grants.ts';
import { customerLedger, type LedgerArguments } from './queries/completeness.ts';
import {
  accessReason,
  CONTACT_FIELDS,
  CUSTOMER_FIELDS,
  contactById,
  contactList,
  type ContactRow,
  customerById,
  customerList,
  type CustomerFileRow,
  type CustomerRow,
  customerFileById,
  customerWritableBy,
} from './queries/customers.ts';
import { customerActions, recordedRead, shortenedName } from './rules.ts';
import { fileActions } from './rules/file-actions.ts';
import { CUSTOMER_SETTINGS } from './settings.ts';

/** Everything of a customer that the masked card does not show. */
const CustomerFile = builder.objectRef<CustomerFileRow>('CustomerFile').implement({
  description:
    'The protected part of a customer: read only by those whose assignment, role or grant opens it (CUS-17, CUS-18).',
  fields: (t) => ({
    number: t.exposeString('number', { description: 'Customer number, unique in the company.' }),
    lifecycle: t.field({
      type: ENUMS.CustomerLifecycle,
      description: 'Life stage (CUS-36).',
      resolve: (row) => row.lifecycle,
    }),
    gradedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.gradedAt }),
    businessLine: t.field({ type: ENUMS.BusinessLine, resolve: (row) => row.businessLine }),
    type: t.exposeString('type', {
      nullable: true,
      description: 'Kind of company, from a code table (CUS-30).',
    }),
    industry: t.exposeString('industry', { nullable: true, description: 'From a code table (CUS-30).' }),
    area: t.field({
      type: 'Area',
      nullable: true,
      resolve: (row, _args, context) => context.read.organisation.areas.get(row.areaId ?? '') ?? null,
    }),
    custodian: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who keeps the file complete and current (CUS-21).',
      resolve: (row, _args, context) =>
        context.read.organisation.employees.get(row.custodianId ?? '') ?? null,
    }),
    contactPerson: t.exposeString('contactPerson', { nullable: true }),
    phone: t.exposeString('phone', { nullable: true }),
    address: t.exposeString('address', { nullable: true }),
    businessNeeds: t.exposeString('businessNeeds', { nullable: true }),
    registrationNumber: t.exposeString('registrationNumber', { nullable: true }),
    fax: t.exposeString('fax', { nullable: true }),
    email: t.exposeString('email', { nullable: true }),
    website: t.exposeString('website', { nullable: true }),
    scopeOfBusiness: t.exposeString('scopeOfBusiness', { nullable: true }),
    mainProducts: t.exposeString('mainProducts', { nullable: true }),
    industryPosition: t.exposeString('industryPosition', { nullable: true }),
    infoSource: t.field({
      type: ENUMS.InfoSource,
      nullable: true,
      description: 'Where the information came from (CUS-04).',
      resolve: (row) => row.infoSource,
    }),
    informationObtainedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the newest information was obtained (CUS-20).',
      resolve: (row) => row.informationObtainedAt,
    }),
    verifiedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Last verification with the customer (CUS-23).',
      resolve: (row) => row.verifiedAt,
    }),
    registeredAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Registration by the clerk (CUS-06).',
      resolve: (row) => row.registeredAt,
    }),
    contractNumber: t.exposeString('contractNumber', {
      nullable: true,
      description: 'The contract by which the customer was registered, unique in the company (CUS-06).',
    }),
    contractSignedAt: t.field({
      type: 'DateTime',
      nullable: true,
      resolve: (row) => row.contractSignedAt,
    }),
    createdAt: t.field({ type: 'DateTime', resolve: (row) => row.createdAt }),
    updatedAt: t.field({ type: 'DateTime', resolve: (row) => row.updatedAt }),
  }),
});

const CustomerBilling = builder.objectRef<CustomerFileRow>('CustomerBilling').implement({
  description: 'What invoicing needs; open to FINANCE beside the masked card (section 23).',
  fields: (t) => ({
    invoiceTitle: t.exposeString('invoiceTitle', { nullable: true }),
    taxNumber: t.exposeString('taxNumber', { nullable: true }),
    creditLimit: t.field({
      type: 'Money',
      nullable: true,
      resolve: (row, _args, context) => money(row.creditLimit, context),
    }),
    paymentTermDays: t.exposeInt('paymentTermDays', {
      nullable: true,
      description: 'Days from invoice to payment.',
    }),
  }),
});

function recordFileRead(
  context: Context,
  customer: Pick<CustomerRow, 'id' | 'grade'>,
  part: 'file' | 'billing' | 'contacts',
): void {
  const read = recordedRead(context.read.viewer, customer, part);
  if (read) context.recordRead(read);
}

/** The plugin types the parent as the model's row; ours says beside it what the viewer may see. */
function asRow(row: unknown): CustomerRow {
  return row as CustomerRow;
}

export const CustomerType = builder.prismaObject('Customer', {
  description:
    'A customer. Name (shortened where the file is closed), grade and owner are its card; the rest stands in `file`.',
  fields: (t) => ({
    name: t.string({
      description: 'Company name; shortened for viewers who may not read the file (CUS-17).',
      resolve: (row) => (asRow(row).access === 'FULL' ? row.name : shortenedName(row.name)),
    }),
    grade: t.field({
      type: ENUMS.CustomerGrade,
      nullable: true,
      description: 'File grade; null outside the file scheme (CUS-35).',
      resolve: (row) => row.grade,
    }),
    owner: t.field({
      type: 'Employee',
      nullable: true,
      description: 'The account manager who owns the customer (CUS-07).',
      resolve: (row, _args, context) => context.read.organisation.employees.get(row.ownerId ?? '') ?? null,
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
    access: t.field({
      type: AccessType,
      description: 'How much of this customer the viewer sees, and why.',
      resolve: (row) => ({ level: asRow(row).access, reason: accessReason(asRow(row)) }),
    }),
    file: t.field({
      type: CustomerFile,
      nullable: true,
      description:
        'Null when the viewer may not read it; asking is then a refused read, which is recorded (PRM-05).',
      resolve: (parent, _args, context) => {
        const row = asRow(parent);
        if (row.access !== 'FULL') {
          context.refusedRead(row.id);
          return null;
        }
        recordFileRead(context, row, 'file');
        return customerFileById.load(context.read, row.id);
      },
    }),
    billing: t.field({
      type: CustomerBilling,
      nullable: true,
      description: 'Null for viewers who are neither FINANCE nor readers of the file.',
      resolve: (parent, _args, context) => {
        const row = asRow(parent);
        if (row.access === 'FULL' || context.read.viewer.rights.has('customerBilling:read:ALL')) {
          recordFileRead(context, row, 'billing');
          return customerFileById.load(context.read, row.id);
        }
        context.refusedRead(row.id);
        return null;
      },
    }),
    viewerCan: t.field({
      type: [ActionRightType],
      description: 'What the viewer may do with this customer, and why not.',
      resolve: async (row, _args, context): Promise<ActionRight[]> => {
        const { viewer, settings } = context.read;
        const writable = await customerWritableBy.load(context.read, row.id);
        return [
          ...customerActions(
            viewer,
            asRow(row),
            writable,
            settings.get(CUSTOMER_SETTINGS.allowGrantForA),
            settings.get(CUSTOMER_SETTINGS.fileScope),
          ),
          ...fileActions(viewer, asRow(row), writable),
        ];
      },
    }),
  }),
});
nodeBy(CustomerType, customerById);
subjectLoader('Customer', (id, context) => customerById.load(context.read, id));

const CUSTOMER_LIST = listTypes<CustomerRow>('Customer', CustomerType, CUSTOMER_FIELDS);
rootList('customers', CUSTOMER_LIST, {
  description: 'Customers of which the viewer may know. Those whose file is closed show their card only.',
  source: customerList,
});

rootList<CustomerRow, LedgerArguments>('customerLedger', CUSTOMER_LIST, {
  description:
    'The ledger of files (FRM-22): existing customers of whose file the viewer may know how complete it is, those whose file is complete or not.',
  source: (reader, _asked, args) => customerLedger(reader, args),
  args: (arg) => ({
    complete: arg.boolean({
      description: 'Complete files only, or only those that are not; all without it.',
    }),
    mine: arg.boolean({
      description:
        'Of customers that the viewer owns or whose file the viewer keeps: with `complete: false` what is to be done (CUS-07).',
    }),
  }),
});

export const ContactType = builder.prismaObject('Contact', {
  description: "A person at a customer. Part of the customer's file.",
  fields: (t) => ({
    customer: t.field({
      type: CustomerType,
      nullable: true,
      resolve: async (row, _args, context) =>
        (await customerById.load(context.read, row.customerId)) as never,
    }),
    name: t.exposeString('name'),
    title: t.exposeString('title', { nullable: true }),
    seniority: t.field({ type: ENUMS.ContactSeniority, resolve: (row) => row.seniority }),
    phone: t.exposeString('phone', { nullable: true }),
    mobile: t.exposeString('mobile', { nullable: true }),
    email: t.exposeString('email', { nullable: true }),
    isKeyPerson: t.exposeBoolean('isKeyPerson', {
      description: "One of the customer's key persons (KEY-19).",
    }),
    archivedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.archivedAt }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(ContactType, contactById, recordContactsRead);

/** Contacts are part of the file. */
function recordContactsRead(rows: readonly ContactRow[], context: Context): void {
  for (const { customerId, fileGrade } of rows)
    recordFileRead(context, { id: customerId, grade: fileGrade }, 'contacts');
}

const CONTACT_LIST = listTypes<ContactRow>('Contact', ContactType, CONTACT_FIELDS);
rootList('contacts', CONTACT_LIST, {
  description: 'Contacts of the customers whose file the viewer may read.',
  source: contactList,
  onRead: recordContactsRead,
});
nestedList('Customer', 'contacts', CONTACT_LIST, {
  description: 'Empty where the viewer may not read the file.',
  source: contactList,
  parent: sql`c.id = parent.id`,
  onRead: recordContactsRead,
});

export const AccessGrantType = builder.prismaObject('AccessGrant', {
  description:
    "Permission for a member of another department to read one customer's file for a time (CUS-18).",
  fields: (t) => ({
    customer: t.field({
      type: CustomerType,
      nullable: true,
      resolve: async (row, _args, context) =>
        (await customerById.load(context.read, row.customerId)) as never,
    }),
    requester: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, context) => context.read.organisation.employees.get(row.requesterId) ?? null,
    }),
    reason: t.exposeString('reason', { description: 'Why the file is needed.' }),
    state: t.field({ type: ENUMS.AccessGrantState, resolve: (row) => row.state }),
    requestedAt: t.field({ type: 'DateTime', resolve: (row) => row.requestedAt }),
    decidedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, context) =>
        context.read.organisation.employees.get(row.decidedById ?? '') ?? null,
    }),
    decidedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.decidedAt }),
    decisionReason: t.exposeString('decisionReason', { nullable: true }),
    validUntil: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Exclusive end of the permission.',
      resolve: (row) => row.validUntil,
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(AccessGrantType, accessGrantById);
rootList('accessGrants', listTypes<AccessGrantRow>('AccessGrant', AccessGrantType, ACCESS_GRANT_FIELDS), {
  description: "The viewer's own access requests, and those the viewer decides or audits.",
  source: accessGrantList,
});

const nodeIdOfCustomer = nodeIdOf('Customer');

function factFields(t: InputFields) {
  return {
    contactPerson: t.string(),
    phone: t.string(),
    address: t.string(),
    businessNeeds: t.string(),
    businessLine: t.field({ type: ENUMS.BusinessLine }),
    type: t.string(),
    industry: t.string(),
    areaId: t.id(nodeIdOf('Area')),
    registrationNumber: t.string(),
    fax: t.string(),
    email: t.string(),
    website: t.string(),
    scopeOfBusiness: t.string(),
    mainProducts: t.string(),
    industryPosition: t.string(),
    infoSource: t.field({ type: ENUMS.InfoSource }),
    informationObtainedAt: t.field({
      type: 'DateTime',
      description: 'When the newest of this was obtained (CUS-20).',
    }),
    invoiceTitle: t.string(),
    taxNumber: t.string(),
    creditLimit: t.field({ type: 'Decimal', description: 'In the business currency; 0 or more.' }),
    paymentTermDays: t.int(),
  };
}

mutation('customerCreate', {
  description:
    'Creates a customer as TARGET, or as LEAD when the five facts of CUS-02 are given. Roles: section 23, CUS-02.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    name: t.string({ required: true }),
    lifecycle: t.field({ type: ENUMS.CustomerLifecycle, description: 'TARGET (default) or LEAD.' }),
    ownerId: t.id({ ...nodeIdOf('Employee'), description: 'Default: the caller, when an account manager.' }),
    ...factFields(t),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input) => customerCreate(tx, viewer, input),
  success: (t) => ({ customer: customerField(t) }),
});

// biome-ignore lint/suspicious/noExplicitAny: the builder of a success type differs by mutation; all have `field`.
function customerField(t: any) {
  return t.field({
    type: CustomerType,
    nullable: true,
    description: 'Null when the viewer may no longer know of it.',
    resolve: (done: { customerId: string }, _args: unknown, context: { read: never }) =>
      customerById.load(context.read, done.customerId),
  });
}

mutation('customerUpdate', {
  description: 'Changes facts of a file. A field that is left out stays; null clears it.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    customerId: t.id({ required: true, ...nodeIdOfCustomer }),
    expectedVersion: t.int({ required: true }),
    name: t.string(),
    lifecycle: t.field({
      type: ENUMS.CustomerLifecycle,
      description:
        'TARGET, LEAD or QUALIFIED, a step at a time; the other stages have mutations of their own (CUS-36).',
    }),
    ...factFields(t),
    pendingUpdateIds: t.idList({
      ...nodeIdOf('PendingUpdate'),
      description: 'Known information that this change enters; it is done then (CUS-20).',
    }),
  }),
  run: (tx, viewer, input) => customerUpdate(tx, viewer, input),
  success: (t) => ({ customer: customerField(t) }),
});

mutation('customerAssign', {
  description:
    'Assigns a person to a customer; `dedicated` opens a grade A file and is given by HEAD only (CUS-17).',
  input: (t) => ({
    customerId: t.id({ required: true, ...nodeIdOfCustomer }),
    employeeId: t.id({ required: true, ...nodeIdOf('Employee') }),
    dedicated: t.boolean(),
    validTo: t.field({ type: 'DateTime', description: 'Exclusive end; open-ended without it.' }),
  }),
  run: (tx, viewer, input, read) => customerAssign(tx, viewer, input, read),
  success: (t) => ({ customer: customerField(t) }),
});

mutation('customerUnassign', {
  description: "Ends a person's assignments to a customer at once (PRM-06).",
  input: (t) => ({
    customerId: t.id({ required: true, ...nodeIdOfCustomer }),
    employeeId: t.id({ required: true, ...nodeIdOf('Employee') }),
  }),
  run: (tx, viewer, input) => customerUnassign(tx, viewer, input),
  success: (t) => ({ customer: customerField(t) }),
});

mutation('customerAccessRequest', {
  description: "Asks to read a customer's file for a time (CUS-18). Not possible for grade A (CFL-09).",
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    customerId: t.id({ required: true, ...nodeIdOfCustomer }),
    reason: t.string({ required: true, description: 'What the file is needed for.' }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input, read) => customerAccessRequest(tx, viewer, input, read),
  success: (t) => ({ accessGrant: accessGrantField(t) }),
});

// biome-ignore lint/suspicious/noExplicitAny: the builder of a success type differs by mutation; all have `field`.
function accessGrantField(t: any) {
  return t.field({
    type: AccessGrantType,
    nullable: true,
    resolve: (done: { accessGrantId: string }, _args: unknown, context: { read: never }) =>
      accessGrantById.load(context.read, done.accessGrantId),
  });
}

mutation('customerAccessDecide', {
  description:
    'Approves, refuses or revokes an access request: HEAD, or the DEPUTY of the area, or whom one of them has delegated it to; nobody their own (CUS-18). `approvalDecide` does the same.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    accessGrantId: t.id({ required: true, ...nodeIdOf('AccessGrant') }),
    decision: t.field({
      type: builder.enumType('AccessDecision', {
        values: ['APPROVE', 'REFUSE', 'REVOKE'] as const,
        description: 'What becomes of an access request.',
      }),
      required: true,
    }),
    reason: t.string({ required: true }),
    expectedVersion: t.int({ required: true }),
  }),
  run: (tx, viewer, input, read) => customerAccessDecide(tx, viewer, input, read),
  success: (t) => ({ accessGrant: accessGrantField(t) }),
});

function contactFactFields(t: InputFields) {
  return {
    title: t.string(),
    seniority: t.field({ type: ENUMS.ContactSeniority }),
    phone: t.string(),
    mobile: t.string(),
    email: t.string(),
    isKeyPerson: t.boolean(),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the builder of a success type differs by mutation; all have `field`.
function contactField(t: any) {
  return t.field({
    type: ContactType,
    nullable: true,
    resolve: (done: { contactId: string }, _args: unknown, context: { read: never }) =>
      contactById.load(context.read, done.contactId),
  });
}

mutation('contactCreate', {
  description: "Adds a person to a customer's file.",
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    customerId: t.id({ required: true, ...nodeIdOfCustomer }),
    name: t.string({ required: true }),
    ...contactFactFields(t),
    pendingUpdateIds: t.idList({
      ...nodeIdOf('PendingUpdate'),
      description: 'Known information that this change enters; it is done then (CUS-20).',
    }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input) => contactCreate(tx, viewer, input),
  success: (t) => ({ contact: contactField(t) }),
});

mutation('contactUpdate', {
  description: 'Changes or archives a contact; contacts are never deleted.',
  errors: ['StaleVersion'],
  input: (t) => ({
    contactId: t.id({ required: true, ...nodeIdOf('Contact') }),
    expectedVersion: t.int({ required: true }),
    name: t.string(),
    archived: t.boolean(),
    ...contactFactFields(t),
    pendingUpdateIds: t.idList({
      ...nodeIdOf('PendingUpdate'),
      description: 'Known information that this change enters; it is done then (CUS-20).',
    }),
  }),
  run: (tx, viewer, input) => contactUpdate(tx, viewer, input),
  success: (t) => ({ contact: contactField(t) }),
});
