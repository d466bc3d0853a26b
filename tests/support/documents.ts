import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  getOperationAST,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  Kind,
  type OperationTypeNode,
  parse,
} from 'graphql';
import { globalId } from '../../src/graphql/ids.ts';
import { newId } from '../../src/lib/ids.ts';
import {
  makeAnomalyCases,
  makeApprovals,
  makeAttachments,
  makeContacts,
  makeCustomers,
  makeDelegations,
  makeGrants,
  makeKeyAccounts,
  makeTickets,
} from './factories.ts';
import { areas, departments, type Named, people, teams } from './people.ts';
import type { TestServer } from './server.ts';

/** A trusted document of schema/operations. */
export interface Operation {
  readonly name: string;
  readonly text: string;
  readonly hash: string;
  readonly kind: OperationTypeNode;
  /** Names of its variables, those without which it cannot run first. */
  readonly variables: readonly { readonly name: string; readonly required: boolean }[];
}

const FOLDER = join(import.meta.dirname, '../../schema/operations');

export const operations: readonly Operation[] = globSync('*.graphql', { cwd: FOLDER })
  .sort()
  .map((file) => {
    const text = readFileSync(join(FOLDER, file), 'utf8');
    const operation = getOperationAST(parse(text));
    if (!operation) throw new Error(`${file} must hold exactly one operation.`);
    return {
      name: operation.name?.value ?? basename(file, '.graphql'),
      text,
      hash: createHash('sha256').update(text).digest('hex'),
      kind: operation.operation,
      variables: (operation.variableDefinitions ?? []).map(({ variable, type, defaultValue }) => ({
        name: variable.name.value,
        required: type.kind === Kind.NON_NULL_TYPE && !defaultValue,
      })),
    };
  });

const OLDEST = Date.parse('2000-01-01T00:00:00Z');

/** Rows of every kind that trusted documents and lists read, `count` of each. */
export interface Story {
  readonly customers: readonly Named[];
  readonly contacts: readonly Named[];
  readonly keyAccounts: readonly Named[];
  readonly tickets: readonly Named[];
}

/**
 * Writes a story in which rows share little that a loader would read once for them. An even `count` ends with a
 * ticket that has everything: the first of a list with the newest first. It stands first in the
 * queues, too.
 */
export async function makeStory(server: TestServer, count: number): Promise<Story> {
  const staff = Object.values(people);
  const at = <Item>(items: readonly Item[], index: number) => items[index % items.length] as Item;
  const customers = await makeCustomers(server, count, (index) => ({
    ownerId: at(staff, index).id,
    custodianId: at(staff, index + 1).id,
    areaId: at(Object.values(areas), index).id,
    grade: at(['B', 'A', 'C', null] as const, index),
  }));
  const contacts = await makeContacts(server, count, (index) => ({ customerId: at(customers, index).id }));
  const keyAccounts = await makeKeyAccounts(server, count, (index) => ({
    customerId: at(customers, index).id,
  }));
  const ticketIds = Array.from({ length: count }, () => newId());
  const tickets = await makeTickets(server, count, (index) => ({
    customerId: at(customers, index).id,
    keyAccountId: at(keyAccounts, index).id,
    areaId: at(Object.values(areas), index).id,
    teamId: at(Object.values(teams), index).id,
    assigneeId: at(staff, index).id,
    openedById: at(staff, index + 1).id,
    category: at(['INQUIRY', 'COMPLAINT', 'SHIPMENT_QUERY'] as const, index),
    severity: index % 6 === 0 ? 'SERIOUS' : 'GENERAL',
    claimAmount: index % 2 === 0 ? null : '1200.50',
    dispatchedTo: ['OPERATIONS', 'QUALITY'],
    linkedTicketId: index > 0 ? at(ticketIds, index - 1) : null,
    // Before whatever other tests have left in the queues, the last one first.
    priority: 'URGENT',
    nextDueAt: new Date(OLDEST - index * 60_000),
    id: at(ticketIds, index),
    responsibleDepartmentId: at(Object.values(departments), index).id,
    responsiblePersonId: at(staff, index + 2).id,
  }));
  const grants = await makeGrants(server, count, (index) => ({
    customerId: at(customers, index).id,
    requesterId: at(staff, index).id,
    decidedById: at(staff, index + 1).id,
  }));
  // The newest of all are about tickets, the first to be decided about access; HEAD decides them all.
  const askers = staff.filter(({ name }) => name !== 'HEAD');
  const proposals = Array.from({ length: count }, () => newId());
  await server.services.database.transaction(({ prisma }) =>
    prisma.keyAccountProposal.createMany({
      data: proposals.map((id, index) => ({
        id,
        kind: 'LEVEL_CHANGE' as const,
        customerId: at(customers, index).id,
        keyAccountId: at(keyAccounts, index).id,
        levelBefore: 'B' as const,
        level: 'A' as const,
        annualRevenueTarget: '5000000.00',
        revenue: '1000000.00',
        requesterId: at(askers, index).id,
        requestedAt: server.clock.now(),
      })),
    }),
  );
  await makeApprovals(server, count, (index) => ({
    chain: 'KEY_ACCOUNT_RANK',
    subjectType: 'KeyAccountProposal',
    subjectId: at(proposals, index),
    requesterId: at(askers, index).id,
  }));
  await makeApprovals(server, count, (index) => ({
    chain: 'CUSTOMER_ACCESS',
    subjectType: 'AccessGrant',
    subjectId: at(grants, index).id,
    requesterId: at(askers, index).id,
  }));
  await makeApprovals(server, count, (index) => ({
    chain: 'COMPLAINT_PLAN',
    subjectType: 'Ticket',
    subjectId: at(ticketIds, index),
    requesterId: at(askers, index + 1).id,
  }));
  await makeDelegations(server, count, (index) => ({
    delegatorId: at(staff, index).id,
    delegateId: at(staff, index + 1).id,
  }));
  await makeAttachments(server, count * 2, (index) => ({
    subjectId: at(ticketIds, index),
    uploadedById: at(staff, index).id,
  }));
  await makeAnomalyCases(server, count, (index) => ({ responsibleId: at(staff, index).id }));
  await writeDetails(server, customers, contacts, ticketIds);
  return { customers, contacts, keyAccounts, tickets };
}

/** What happened to each ticket and customer: two of everything, by different people. */
async function writeDetails(
  server: TestServer,
  customers: readonly Named[],
  contacts: readonly Named[],
  ticketIds: readonly string[],
): Promise<void> {
  const now = server.clock.now();
  const staff = Object.values(people);
  const actor = (index: number) => (staff[index % staff.length] ?? people.HEAD).id;
  const twice = <Row>(row: (ticketId: string, index: number, turn: 0 | 1) => Row): Row[] =>
    ticketIds.flatMap((ticketId, index) => [row(ticketId, index, 0), row(ticketId, index, 1)]);
  await server.services.database.transaction(async ({ prisma }) => {
    await prisma.ticketHistory.createMany({
      data: twice((ticketId, index, turn) => ({
        ticketId,
        at: now,
        actorId: actor(index + turn),
        action: 'ticketAcknowledge',
        to: 'ACKNOWLEDGED' as const,
      })),
    });
    await prisma.escalation.createMany({
      data: twice((ticketId, index, turn) => ({
        ticketId,
        cycle: 0,
        level: turn === 0 ? ('L1' as const) : ('L2' as const),
        reason: 'LIMIT_OVERDUE' as const,
        raisedAt: now,
        acknowledgedById: actor(index + turn),
        acknowledgedAt: now,
      })),
    });
    await prisma.ticketReply.createMany({
      data: twice((ticketId, index, turn) => ({
        ticketId,
        cycle: 0,
        at: now,
        actorId: turn === 0 ? actor(index) : null,
        fromCustomer: turn === 1,
        body: '已回复',
      })),
    });
    await prisma.complaintPoint.createMany({
      data: twice((ticketId, _index, turn) => ({ ticketId, number: turn + 1, text: '延误', answer: null })),
    });
    await prisma.followUp.createMany({
      data: twice((ticketId, index, turn) => ({
        ticketId,
        cycle: 0,
        attempt: turn + 1,
        at: now,
        actorId: actor(index + turn),
        result: turn === 0 ? ('UNREACHABLE' as const) : ('SATISFIED' as const),
      })),
    });
    await prisma.contactLog.createMany({
      data: customers.map(({ id }, index) => ({
        customerId: id,
        contactId: contacts[index]?.id ?? null,
        employeeId: actor(index),
        channel: 'PHONE' as const,
        outcome: 'REACHED' as const,
        at: now,
        content: '月度回访',
        createdAt: now,
      })),
    });
  });
}

/** What trusted documents are asked with, beyond `first`: by the operation's name. */
const VARIABLES: Readonly<Record<string, (story: Story) => Record<string, unknown>>> = {
  Dashboard: () => ({ period: '2026-11' }),
  ServiceDashboard: () => ({ period: '2026-11' }),
  Search: () => ({ text: '物流' }),
};

export function variablesFor(operation: Operation, story: Story, first: number): Record<string, unknown> {
  const given = VARIABLES[operation.name]?.(story) ?? {};
  const variables: Record<string, unknown> = { ...given };
  for (const { name, required } of operation.variables) {
    if (name === 'first') variables.first = first;
    else if (required && !(name in variables)) {
      throw new Error(
        `Say in ${basename(import.meta.filename)} what ${operation.name} is asked with as $${name}.`,
      );
    }
  }
  return variables;
}

/** A field with everything below it that needs no arguments, down to a depth; lists are asked for `first` rows. */
export function fieldDocument(field: GraphQLField<unknown, unknown>, depth: number, first: number): string {
  return `${field.name}${writtenArguments(field, first)}${selection(field.type, depth, first)}`;
}

/** What a field must be given, in GraphQL's own writing: the least that is accepted. */
export function writtenArguments(field: GraphQLField<unknown, unknown>, first?: number): string {
  const written = field.args.flatMap((argument) => {
    if (argument.name === 'first' && first !== undefined) return [`first: ${first}`];
    return isRequiredArgument(argument) ? [`${argument.name}: ${writtenValue(argument.type)}`] : [];
  });
  return written.length > 0 ? `(${written.join(', ')})` : '';
}

const SCALARS: Readonly<Record<string, () => string>> = {
  ID: () => JSON.stringify(globalId('Customer', newId())),
  Int: () => '1',
  Boolean: () => 'true',
  String: () => '"x"',
  Decimal: () => '"1.00"',
  DateTime: () => '"2026-11-23T01:00:00Z"',
  Date: () => '"2026-11-23"',
  YearMonth: () => '"2026-11"',
  Duration: () => '"PT2H"',
  Cursor: () => '"0.0"',
  JSON: () => '{}',
};

function writtenValue(type: GraphQLInputType): string {
  if (isNonNullType(type)) return writtenValue(type.ofType);
  if (isListType(type)) return `[${writtenValue(type.ofType)}]`;
  if (isEnumType(type)) return type.getValues()[0]?.name ?? '';
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields());
    const needed = type.isOneOf ? fields.slice(0, 1) : fields.filter(isRequiredInputField);
    return `{${needed.map((field) => `${field.name}: ${writtenValue(field.type)}`).join(', ')}}`;
  }
  const write = SCALARS[type.name];
  if (!write) throw new Error(`No value is known for the scalar ${type.name}.`);
  return write();
}

function selection(type: GraphQLOutputType, depth: number, first: number): string {
  const named = getNamedType(type);
  if (isLeafType(named)) return '';
  if (isAbstractType(named)) return ' { __typename }';
  if (!isObjectType(named)) return '';
  const fields = Object.values(named.getFields()).flatMap((field) => {
    if (field.args.some((argument) => isRequiredArgument(argument))) return [];
    const below = getNamedType(field.type);
    if (isLeafType(below)) return [field.name];
    // Edges and nodes are the list itself; what stands beside them costs a level.
    const ofList = field.name === 'edges' || field.name === 'node' || field.name === 'pageInfo';
    if (depth <= 0 && !ofList) return [];
    const isList =
      isListType(getNullableType(field.type)) || field.args.some((argument) => argument.name === 'first');
    return [fieldDocument(field, ofList ? depth : depth - 1, isList ? Math.min(first, 2) : first)];
  });
  return fields.length > 0 ? ` { ${fields.join(' ')} }` : ' { __typename }';
}
