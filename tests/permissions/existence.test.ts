import {
  type GraphQLInputType,
  type GraphQLObjectType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isUnionType,
} from 'graphql';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { globalId } from '../../src/graphql/ids.ts';
import { newId } from '../../src/lib/ids.ts';
import { schema } from '../../src/schema.ts';
import {
  makeAnomalyCases,
  makeApprovals,
  makeAssignment,
  makeAttachments,
  makeContact,
  makeCustomer,
  makeDelegations,
  makeGradeCandidates,
  makeGrants,
  makeKeyAccount,
  makeShipments,
  makeTicket,
} from '../support/factories.ts';
import { mutate } from '../support/mutate.ts';
import { areas, departments, people, type PersonName, teams } from '../support/people.ts';
import {
  ACCOUNT_RECORDS,
  ANALYSES,
  FILE_RECORDS,
  makeAccountRecords,
  OTHER_RECORDS,
} from './account-records.ts';
import { MONDAY_9, startTestServer, type TestServer } from '../support/server.ts';

/**
 * What may not be known of cannot be told from what is not there, whatever mutation or node asks for it; and
 * `viewerCan` says of every mutation what the mutation then does. Mutations are found in the schema, so that one that
 * is added is asked, too.
 */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(() => server.clock.set(MONDAY_9));

type Ids = Readonly<Record<string, string>>;

/** Ids of what everybody may know. */
const OPEN_IDS: Ids = {
  Employee: people.KA_SPECIALIST_2.nodeId,
  Area: areas.EAST.nodeId,
  Department: departments.OPERATIONS.nodeId,
  Team: teams.SALES.nodeId,
};

const MUTATIONS = Object.values((schema.getMutationType() as GraphQLObjectType).getFields()).map(
  ({ name, args }) => ({
    name,
    input: args[0]?.type as GraphQLInputType,
  }),
);

interface IdField {
  readonly field: string;
  readonly entity: string;
}

function idFields(input: GraphQLInputType): IdField[] {
  const type = isNonNullType(input) ? input.ofType : input;
  if (!isInputObjectType(type)) return [];
  return Object.values(type.getFields()).flatMap(({ name, extensions }) => {
    const entities = extensions.entities ?? [extensions.entity];
    return (entities as unknown[]).flatMap((entity) =>
      typeof entity === 'string' ? [{ field: name, entity }] : [],
    );
  });
}

/** A plausible value of a type: what is required, and every id that there is. */
function sample(type: GraphQLInputType, ids: Ids, entity: unknown): unknown {
  if (isNonNullType(type)) return sample(type.ofType, ids, entity);
  if (isListType(type)) return [sample(type.ofType, ids, entity)];
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (isInputObjectType(type)) {
    return Object.fromEntries(
      Object.values(type.getFields()).flatMap((field) =>
        isNonNullType(field.type)
          ? [
              [
                field.name,
                sample(field.type, ids, field.extensions.entity ?? firstOf(field.extensions.entities)),
              ],
            ]
          : [],
      ),
    );
  }
  if (entity !== undefined) return ids[String(entity)] ?? globalId(String(entity), newId());
  const values: Record<string, unknown> = {
    String: '测试',
    Int: 1,
    Boolean: true,
    DateTime: server.clock.now().toISOString(),
    Decimal: '600000.00',
    ID: 'none',
    JSON: 1,
  };
  return values[type.name];
}

function firstOf(entities: unknown): unknown {
  return Array.isArray(entities) ? entities[0] : undefined;
}

/** Calls a mutation and says how it went, without what is made anew each time. */
async function attempt(caller: PersonName, name: string, input: unknown): Promise<object> {
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  const union = schema.getType(`${title}Result`);
  const types = isUnionType(union) ? union.getTypes().map((type) => type.name) : [];
  const details = [
    ['InvalidInput', 'issues { path message }'],
    ['Forbidden', 'required'],
    ['StaleVersion', 'current'],
    ['IllegalTransition', 'from to allowed'],
  ].flatMap(([type = '', fields]) => (types.includes(type) ? [`... on ${type} { ${fields} }`] : []));
  const { data, errors } = await server.gql(
    caller,
    `mutation ($input: ${title}Input!) { ${name}(input: $input) { __typename ... on Error { code message path } ${details.join(' ')} } }`,
    { input },
  );
  return errors ? { errors: errors.map(({ extensions }) => extensions.code) } : data[name];
}

/** A department has one budget a year. */
let budgetYear = 2100;

async function records() {
  const grade = 'A';
  const [customer, keyCustomer] = await Promise.all([
    makeCustomer(server, { grade }),
    makeCustomer(server, { grade, areaId: areas.SOUTH.id }),
  ]);
  const [contact, keyAccount, ticket, grants] = await Promise.all([
    makeContact(server, { customerId: customer.id }),
    makeKeyAccount(server, { customerId: keyCustomer.id, specialistId: people.KA_SPECIALIST_2.id }),
    makeTicket(server, { customerId: customer.id }),
    makeGrants(server, 1, () => ({
      customerId: customer.id,
      requesterId: people.OTHER_DEPARTMENT_2.id,
      state: 'REQUESTED',
      validUntil: null,
    })),
  ]);
  const anomalies = await makeAnomalyCases(server, 1);
  const approvals = await makeApprovals(server, 1, () => ({
    chain: 'CUSTOMER_ACCESS',
    subjectType: 'AccessGrant',
    subjectId: grants[0]?.id ?? '',
    requesterId: people.OTHER_DEPARTMENT_2.id,
  }));
  const delegations = await makeDelegations(server, 1, () => ({
    delegatorId: people.HEAD.id,
    delegateId: people.DEPUTY_SOUTH.id,
    chain: 'COMPLAINT_PLAN',
  }));
  const candidates = await makeGradeCandidates(server, 1, () => ({
    customerId: customer.id,
    from: 'A',
    to: 'B',
  }));
  const shipments = await makeShipments(server, 1, { customerId: customer.id });
  const attachments = await makeAttachments(server, 1, () => ({ subjectId: ticket.id }));
  const accountRecords = await makeAccountRecords(server, keyAccount, keyCustomer, contact);
  const now = server.clock.now();
  const ids = {
    escalation: newId(),
    budget: newId(),
    setting: newId(),
    webhook: newId(),
    delivery: newId(),
    letter: newId(),
    log: newId(),
    article: newId(),
    pending: newId(),
    proposal: newId(),
    visit: newId(),
  };
  const ofFile = {
    note: newId(),
    suggestion: newId(),
    correction: newId(),
    plan: newId(),
    form: newId(),
    pair: newId(),
    merge: newId(),
  };
  await server.services.database.transaction(async ({ prisma }) => {
    await prisma.escalation.create({
      data: {
        id: ids.escalation,
        ticketId: ticket.id,
        cycle: 0,
        level: 'L1',
        reason: 'RAISED_BY_HAND',
        raisedAt: now,
      },
    });
    await prisma.budget.create({
      data: {
        id: ids.budget,
        year: budgetYear++,
        departmentId: departments.FINANCE.id,
        draftedById: people.SALES_SUPERVISOR.id,
        writerIds: [people.SALES_SUPERVISOR.id],
        createdAt: now,
        updatedAt: now,
      },
    });
    await prisma.setting.create({
      data: {
        id: ids.setting,
        key: 'access.grantDays',
        value: 20,
        validFrom: now,
        proposedById: people.ADMIN.id,
        proposedAt: now,
        reason: 'test',
      },
    });
    await prisma.webhookEndpoint.create({
      data: {
        id: ids.webhook,
        name: 'test',
        url: 'https://hooks.example/',
        kinds: [],
        ownerId: people.HEAD.id,
        nextAt: now,
        createdAt: now,
        createdById: people.ADMIN.id,
        proposedById: people.ADMIN.id,
      },
    });
    const ofWebhook = { endpointId: ids.webhook, kind: 'COMPLAINT_OPENED' };
    await prisma.webhookDelivery.create({
      data: {
        ...ofWebhook,
        id: ids.delivery,
        messageId: 'evt_x_1',
        attempt: 1,
        at: now,
        milliseconds: 1,
        outcome: 'DEAD',
      },
    });
    await prisma.webhookDeadLetter.create({
      data: { ...ofWebhook, id: ids.letter, epoch: 'x', seq: 1, occurredAt: now, deadAt: now, attempts: 1 },
    });
    await prisma.knowledgeArticle.create({
      data: {
        id: ids.article,
        topic: 'PRICE',
        language: 'EN',
        question: 'test',
        answer: 'test',
        authorId: people.CS_AGENT.id,
        createdAt: now,
        updatedAt: now,
      },
    });
    await prisma.contactLog.create({
      data: {
        id: ids.log,
        customerId: customer.id,
        employeeId: people.HEAD.id,
        channel: 'EMAIL',
        outcome: 'REACHED',
        at: now,
        content: 'test',
        createdAt: now,
      },
    });
    const file = { customerId: customer.id };
    const by = people.HEAD.id;
    await prisma.developmentNote.create({
      data: {
        ...file,
        id: ofFile.note,
        topic: 'NEWS',
        content: 'test',
        infoSource: 'OTHER',
        informationObtainedAt: now,
        authorId: by,
        recordedAt: now,
      },
    });
    await prisma.customerSuggestion.create({
      data: { ...file, id: ofFile.suggestion, content: 'test', offeredAt: now, authorId: by },
    });
    await prisma.correctionRequest.create({
      data: {
        ...file,
        id: ofFile.correction,
        content: 'test',
        dueAt: now,
        requestedById: by,
        requestedAt: now,
      },
    });
    await prisma.relationshipPlan.create({
      data: {
        ...file,
        id: ofFile.plan,
        goals: 'test',
        actions: [],
        ownerId: by,
        startsOn: now,
        endsOn: now,
        updatedAt: now,
      },
    });
    const [oneId = '', otherId = ''] = [customer.id, keyCustomer.id].sort();
    await prisma.duplicateCandidate.create({
      data: { id: ofFile.pair, oneId, otherId, reasons: ['PHONE'], similarity: '0.5', foundAt: now },
    });
    await prisma.customerMerge.create({
      data: {
        id: ofFile.merge,
        duplicateId: newId(),
        survivorId: customer.id,
        number: ofFile.merge,
        name: 'test',
        facts: {},
        taken: {},
        moved: {},
        reason: 'test',
        mergedById: by,
        mergedAt: now,
      },
    });
    await prisma.dataForm.create({
      data: { ...file, id: ofFile.form, sentTo: 'test', sentAt: now, sentById: by },
    });
    const known = { customerId: customer.id, informationObtainedAt: now };
    await prisma.pendingUpdate.create({
      data: {
        ...known,
        id: ids.pending,
        origin: 'OTHER',
        content: 'test',
        recordedById: people.HEAD.id,
        recordedAt: now,
      },
    });
    await prisma.changeProposal.create({
      data: {
        ...known,
        id: ids.proposal,
        facts: { phone: '1' },
        reason: 'test',
        proposerId: people.OTHER_DEPARTMENT_2.id,
        proposedAt: now,
      },
    });
    await prisma.visit.create({
      data: {
        id: ids.visit,
        customerId: customer.id,
        visitorId: people.HEAD.id,
        type: 'RELATION',
        plannedFor: now,
        purpose: 'test',
        latentNeeds: [],
        createdAt: now,
        updatedAt: now,
      },
    });
  });
  return {
    Customer: customer.nodeId,
    Contact: contact.nodeId,
    Shipment: shipments[0]?.nodeId ?? '',
    GradeCandidate: candidates[0]?.nodeId ?? '',
    ContactLog: globalId('ContactLog', ids.log),
    Visit: globalId('Visit', ids.visit),
    KeyAccount: keyAccount.nodeId,
    ...accountRecords,
    Ticket: ticket.nodeId,
    Escalation: globalId('Escalation', ids.escalation),
    Attachment: attachments[0]?.nodeId ?? '',
    AccessGrant: grants[0]?.nodeId ?? '',
    Approval: approvals[0]?.nodeId ?? '',
    ApprovalDelegation: delegations[0]?.nodeId ?? '',
    AnomalyCase: anomalies[0]?.nodeId ?? '',
    Budget: globalId('Budget', ids.budget),
    SettingChange: globalId('SettingChange', ids.setting),
    WebhookEndpoint: globalId('WebhookEndpoint', ids.webhook),
    WebhookDelivery: globalId('WebhookDelivery', ids.delivery),
    WebhookDeadLetter: globalId('WebhookDeadLetter', ids.letter),
    KnowledgeArticle: globalId('KnowledgeArticle', ids.article),
    PendingUpdate: globalId('PendingUpdate', ids.pending),
    ChangeProposal: globalId('ChangeProposal', ids.proposal),
    DevelopmentNote: globalId('DevelopmentNote', ofFile.note),
    CustomerSuggestion: globalId('CustomerSuggestion', ofFile.suggestion),
    CorrectionRequest: globalId('CorrectionRequest', ofFile.correction),
    RelationshipPlan: globalId('RelationshipPlan', ofFile.plan),
    DataForm: globalId('DataForm', ofFile.form),
    DuplicateCandidate: globalId('DuplicateCandidate', ofFile.pair),
    CustomerMerge: globalId('CustomerMerge', ofFile.merge),
  } as const;
}

/** Read where the files are that they come from. */
const FILES_OF_TWO = ['DuplicateCandidate', 'CustomerMerge'] as const;

/** What these viewers may not know of, by section 23. */
const HIDDEN: Partial<Record<PersonName, readonly (keyof Awaited<ReturnType<typeof records>>)[]>> = {
  HR: [
    ...ACCOUNT_RECORDS,
    ...ANALYSES,
    ...FILE_RECORDS,
    ...OTHER_RECORDS,
    'Customer',
    'Contact',
    'PendingUpdate',
    'DevelopmentNote',
    'CustomerSuggestion',
    'CorrectionRequest',
    'RelationshipPlan',
    'DataForm',
    ...FILES_OF_TWO,
    'ChangeProposal',
    'Shipment',
    'GradeCandidate',
    'ContactLog',
    'Visit',
    'KeyAccount',
    'Ticket',
    'Escalation',
    'Attachment',
    'AccessGrant',
    'Approval',
    'ApprovalDelegation',
    'AnomalyCase',
    'Budget',
    'SettingChange',
    'WebhookEndpoint',
    'WebhookDelivery',
    'WebhookDeadLetter',
    'KnowledgeArticle',
  ],
  ADMIN: [
    ...ACCOUNT_RECORDS,
    ...ANALYSES,
    ...FILE_RECORDS,
    ...OTHER_RECORDS,
    'Customer',
    'Contact',
    'PendingUpdate',
    'DevelopmentNote',
    'CustomerSuggestion',
    'CorrectionRequest',
    'RelationshipPlan',
    'DataForm',
    ...FILES_OF_TWO,
    'ChangeProposal',
    'Shipment',
    'GradeCandidate',
    'ContactLog',
    'Visit',
    'KeyAccount',
    'Ticket',
    'Escalation',
    'Attachment',
    'AccessGrant',
    'Approval',
    'ApprovalDelegation',
    'AnomalyCase',
    'Budget',
    'KnowledgeArticle',
  ],
  FINANCE: [
    ...ACCOUNT_RECORDS,
    ...ANALYSES,
    ...FILE_RECORDS,
    'PeakSeason',
    'Contact',
    'PendingUpdate',
    'DevelopmentNote',
    'CustomerSuggestion',
    'CorrectionRequest',
    'RelationshipPlan',
    'DataForm',
    ...FILES_OF_TWO,
    'ChangeProposal',
    'Shipment',
    'GradeCandidate',
    'ContactLog',
    'Visit',
    'KeyAccount',
    'Ticket',
    'Escalation',
    'Attachment',
    'AccessGrant',
    'Approval',
    'ApprovalDelegation',
    'SettingChange',
    'WebhookEndpoint',
    'WebhookDelivery',
    'WebhookDeadLetter',
    'KnowledgeArticle',
  ],
  MARKET_DEVELOPER: [
    ...ACCOUNT_RECORDS,
    ...ANALYSES,
    ...FILE_RECORDS,
    ...OTHER_RECORDS,
    'Contact',
    'PendingUpdate',
    'DevelopmentNote',
    'CustomerSuggestion',
    'CorrectionRequest',
    'RelationshipPlan',
    'DataForm',
    ...FILES_OF_TWO,
    'ChangeProposal',
    'Shipment',
    'GradeCandidate',
    'ContactLog',
    'Visit',
    'KeyAccount',
    'Ticket',
    'Escalation',
    'Attachment',
    'AccessGrant',
    'Approval',
    'ApprovalDelegation',
    'AnomalyCase',
    'Budget',
    'SettingChange',
    'WebhookEndpoint',
    'WebhookDelivery',
    'WebhookDeadLetter',
    'KnowledgeArticle',
  ],
  SALES_REP: [
    ...ACCOUNT_RECORDS,
    ...ANALYSES,
    ...FILE_RECORDS,
    'KeyAccountIncentive',
    'Contact',
    'PendingUpdate',
    'DevelopmentNote',
    'CustomerSuggestion',
    'CorrectionRequest',
    'RelationshipPlan',
    'DataForm',
    ...FILES_OF_TWO,
    'ChangeProposal',
    'Shipment',
    'GradeCandidate',
    'ContactLog',
    'Visit',
    'Ticket',
    'Escalation',
    'Attachment',
    'AccessGrant',
    'Approval',
    'ApprovalDelegation',
    'AnomalyCase',
    'Budget',
    'SettingChange',
    'WebhookEndpoint',
    'WebhookDelivery',
    'WebhookDeadLetter',
    'KnowledgeArticle',
  ],
  CS_AGENT: [
    ...ACCOUNT_RECORDS,
    ...ANALYSES,
    ...FILE_RECORDS,
    'KeyAccountIncentive',
    'Contact',
    'PendingUpdate',
    'DevelopmentNote',
    'CustomerSuggestion',
    'CorrectionRequest',
    'RelationshipPlan',
    'DataForm',
    ...FILES_OF_TWO,
    'ChangeProposal',
    'Shipment',
    'GradeCandidate',
    'ContactLog',
    'Visit',
    'Ticket',
    'Escalation',
    'Attachment',
    'AccessGrant',
    'Approval',
    'ApprovalDelegation',
    'AnomalyCase',
    'Budget',
    'SettingChange',
    'WebhookEndpoint',
    'WebhookDelivery',
    'WebhookDeadLetter',
  ],
  OPERATIONS: [
    ...ACCOUNT_RECORDS,
    ...ANALYSES,
    ...FILE_RECORDS,
    'KeyAccountIncentive',
    'Contact',
    'PendingUpdate',
    'DevelopmentNote',
    'CustomerSuggestion',
    'CorrectionRequest',
    'RelationshipPlan',
    'DataForm',
    ...FILES_OF_TWO,
    'ChangeProposal',
    'Shipment',
    'GradeCandidate',
    'ContactLog',
    'Visit',
    'Ticket',
    'Escalation',
    'Attachment',
    'AccessGrant',
    'Approval',
    'ApprovalDelegation',
    'AnomalyCase',
    'Budget',
    'SettingChange',
    'WebhookEndpoint',
    'WebhookDelivery',
    'WebhookDeadLetter',
    'KnowledgeArticle',
  ],
  DEPUTY: [
    ...ACCOUNT_RECORDS,
    ...ANALYSES,
    ...FILE_RECORDS,
    'KeyAccountIncentive',
    'Contact',
    'PendingUpdate',
    'DevelopmentNote',
    'CustomerSuggestion',
    'CorrectionRequest',
    'RelationshipPlan',
    'DataForm',
    ...FILES_OF_TWO,
    'ChangeProposal',
    'Shipment',
    'GradeCandidate',
    'ContactLog',
    'Visit',
    'Ticket',
    'Escalation',
    'Attachment',
    'AccessGrant',
    'Approval',
    'ApprovalDelegation',
    'AnomalyCase',
    'Budget',
    'SettingChange',
    'WebhookEndpoint',
    'WebhookDelivery',
    'WebhookDeadLetter',
    'KnowledgeArticle',
  ],
  KA_SUPERVISOR: [
    ...FILE_RECORDS,
    'Contact',
    'PendingUpdate',
    'DevelopmentNote',
    'CustomerSuggestion',
    'CorrectionRequest',
    'RelationshipPlan',
    'DataForm',
    ...FILES_OF_TWO,
    'ChangeProposal',
    'Shipment',
    'GradeCandidate',
    'ContactLog',
    'Visit',
    'Ticket',
    'Escalation',
    'Attachment',
    'AccessGrant',
    'Approval',
    'ApprovalDelegation',
    'AnomalyCase',
    'Budget',
    'SettingChange',
    'WebhookEndpoint',
    'WebhookDelivery',
    'WebhookDeadLetter',
    'KnowledgeArticle',
  ],
  SALES_SUPERVISOR: [
    ...ANALYSES,
    ...FILE_RECORDS,
    'Contact',
    'PendingUpdate',
    'DevelopmentNote',
    'CustomerSuggestion',
    'CorrectionRequest',
    'RelationshipPlan',
    'DataForm',
    ...FILES_OF_TWO,
    'ChangeProposal',
    'Shipment',
    'ContactLog',
    'Visit',
    'AccessGrant',
    'Approval',
    'ApprovalDelegation',
    'SettingChange',
    'WebhookEndpoint',
    'WebhookDelivery',
    'WebhookDeadLetter',
    'KnowledgeArticle',
  ],
};

describe.each(Object.entries(HIDDEN))('%s', (name, entities) => {
  const caller = name as PersonName;

  test('node and nodes answer for what is hidden as for what is not there', async () => {
    const hidden = await records();
    for (const entity of entities) {
      const ask = async (id: string) => {
        const { data, errors } = await server.gql(
          caller,
          'query ($id: ID!, $ids: [ID!]!) { node(id: $id) { id } nodes(ids: $ids) { id } }',
          { id, ids: [id, globalId(entity, newId()), id] },
        );
        return { data, errors };
      };
      const answer = await ask(hidden[entity]);
      expect([entity, answer]).toEqual([
        entity,
        { data: { node: null, nodes: [null, null, null] }, errors: undefined },
      ]);
      expect(await ask(globalId(entity, newId()))).toEqual(answer);
    }
  });

  test('no mutation tells what is hidden from what is not there', async () => {
    const hidden = await records();
    // What the caller works on otherwise, so that a mutation gets as far as it can.
    const own = await makeCustomer(server, { ownerId: people[caller].id, areaId: areas.EAST.id });
    await makeAssignment(server, { customerId: own.id, employeeId: people[caller].id, dedicated: true });
    const ticket = await makeTicket(server, { customerId: own.id, assigneeId: people[caller].id });
    const ids = { ...OPEN_IDS, Customer: own.nodeId, Ticket: ticket.nodeId };
    const told: string[] = [];
    for (const { name: mutation, input } of MUTATIONS) {
      for (const { field, entity } of idFields(input)) {
        if (!(entities as readonly string[]).includes(entity)) continue;
        const given = sample(input, ids, undefined) as object;
        const list = Array.isArray((given as Record<string, unknown>)[field]);
        const ask = (id: string) => attempt(caller, mutation, { ...given, [field]: list ? [id] : id });
        const [one, other] = [
          await ask(hidden[entity as keyof typeof hidden]),
          await ask(globalId(entity, newId())),
        ];
        if (JSON.stringify(one) !== JSON.stringify(other))
          told.push(`${mutation}.${field}: ${JSON.stringify([one, other])}`);
      }
    }
    expect(told).toEqual([]);
  });
});

describe('viewerCan', () => {
  const CALLERS = [
    'HEAD',
    'DEPUTY',
    'SALES_SUPERVISOR',
    'KA_SUPERVISOR',
    'KA_SPECIALIST',
    'SALES_REP',
    'CS_AGENT',
    'FINANCE',
    'OPERATIONS',
  ] as const;

  interface Told {
    readonly action: string;
    readonly allowed: boolean;
    readonly reason: string | null;
  }

  async function read(
    caller: PersonName,
    id: string,
  ): Promise<{ version: number; viewerCan: Told[] } | null> {
    const fields = 'version viewerCan { action allowed reason }';
    const { data } = await server.gql(
      caller,
      `query ($id: ID!) { node(id: $id) { ... on Customer { ${fields} } ... on Ticket { ${fields} }
        ... on KeyAccount { ${fields} } ... on Budget { ${fields} } ... on Attachment { ${fields} }
        ... on Approval { ${fields} } ... on ApprovalDelegation { ${fields} } } }`,
      { id },
    );
    return data.node;
  }

  /** What a mutation may answer where `viewerCan` says this of it. */
  function agrees({ allowed, reason }: Told, type: string): boolean {
    if (allowed) return !['Forbidden', 'NotFound', 'IllegalTransition'].includes(type);
    if (reason === 'FORBIDDEN') return type === 'Forbidden';
    return ['Forbidden', 'IllegalTransition', 'InvalidInput'].includes(type);
  }

  async function disagreements(caller: PersonName, id: string, ids: Ids): Promise<string[]> {
    const wrong: string[] = [];
    for (const { action } of (await read(caller, id))?.viewerCan ?? []) {
      // Read again each time: an action that was allowed has changed the record.
      const node = await read(caller, id);
      // Who gave a ticket away may know no more of it.
      if (!node) break;
      const told = node.viewerCan.find((one) => one.action === action);
      const mutation = MUTATIONS.find(({ name }) => name === action);
      if (!told || !mutation) {
        wrong.push(`${action} is no mutation`);
        continue;
      }
      const input = sample(mutation.input, { ...OPEN_IDS, ...ids }, undefined) as Record<string, unknown>;
      if ('expectedVersion' in input) input.expectedVersion = node.version;
      const answer = (await attempt(caller, action, input)) as { __typename?: string };
      if (!agrees(told, answer.__typename ?? 'error')) {
        wrong.push(`${action}: said ${told.reason ?? 'allowed'}, answered ${JSON.stringify(answer)}`);
      }
    }
    return wrong;
  }

  test.each(CALLERS)(
    'of %s says of every mutation what it then does',
    async (caller) => {
      const owned = { ownerId: people[caller].id, areaId: areas.EAST.id };
      const customers = await Promise.all([
        makeCustomer(server),
        makeCustomer(server, owned),
        makeCustomer(server, { grade: 'A' }),
        makeCustomer(server, { ...owned, grade: 'A', lifecycle: 'LOST' }),
        makeCustomer(server, { ...owned, lifecycle: 'TARGET', grade: null }),
        makeCustomer(server, { grade: 'A' }),
      ]);
      const dedicated = customers.at(-1)?.id ?? '';
      await makeAssignment(server, { customerId: dedicated, employeeId: people[caller].id, dedicated: true });
      const wrong: string[] = [];
      for (const { nodeId } of customers)
        wrong.push(...(await disagreements(caller, nodeId, { Customer: nodeId })));

      const [customer, , customerA] = customers;
      for (const facts of [
        { customerId: customer.id },
        { customerId: customerA.id, assigneeId: people[caller].id },
        {
          customerId: customer.id,
          assigneeId: people[caller].id,
          status: 'INVESTIGATING' as const,
          category: 'INQUIRY' as const,
        },
        {
          customerId: customer.id,
          assigneeId: people[caller].id,
          status: 'CLOSED' as const,
          claimAmount: '10.00',
        },
        {
          customerId: customer.id,
          severity: 'SERIOUS' as const,
          status: 'PLAN_PROPOSED' as const,
          dispatchedTo: ['OPERATIONS' as const],
        },
      ]) {
        const { nodeId } = await makeTicket(server, facts);
        wrong.push(...(await disagreements(caller, nodeId, { Ticket: nodeId })));
      }

      for (const status of ['INVESTIGATING', 'CLOSED'] as const) {
        const ticket = await makeTicket(server, {
          customerId: customer.id,
          assigneeId: people[caller].id,
          status,
        });
        const made = await makeAttachments(server, 2, (index) => ({
          subjectId: ticket.id,
          ...(index === 0 ? { uploadedById: people[caller].id } : {}),
        }));
        for (const { nodeId } of made)
          wrong.push(...(await disagreements(caller, nodeId, { Attachment: nodeId })));
      }

      for (const facts of [
        { specialistId: people.KA_SPECIALIST.id },
        { specialistId: people.KA_SPECIALIST.id, endedAt: server.clock.now() },
      ]) {
        for (const grade of ['A', 'B'] as const) {
          const ofAccount = await makeCustomer(server, { ...owned, grade });
          const account = await makeKeyAccount(server, { customerId: ofAccount.id, ...facts });
          const ids = { KeyAccount: account.nodeId, Customer: ofAccount.nodeId };
          wrong.push(...(await disagreements(caller, account.nodeId, ids)));
        }
      }

      const waiting = await makeTicket(server, {
        customerId: customer.id,
        areaId: areas.EAST.id,
        severity: 'SERIOUS',
        status: 'PLAN_PROPOSED',
        assigneeId: people[caller].id,
      });
      const [asked] = await makeGrants(server, 1, () => ({
        customerId: customer.id,
        requesterId: people[caller].id,
        state: 'REQUESTED',
        validUntil: null,
      }));
      const ended = { state: 'REFUSED' as const, endedAt: server.clock.now() };
      const ofTicket = { chain: 'COMPLAINT_PLAN', subjectType: 'Ticket', subjectId: waiting.id } as const;
      const ofGrant = {
        chain: 'CUSTOMER_ACCESS',
        subjectType: 'AccessGrant',
        subjectId: asked?.id ?? '',
        requesterId: people[caller].id,
      } as const;
      const made = [
        { ...ofTicket, ...ended },
        { ...ofTicket, requesterId: people.OTHER_DEPARTMENT.id },
        { ...ofGrant, ...ended },
        ofGrant,
      ];
      const approvals = await makeApprovals(server, made.length, (at) => made[at] as (typeof made)[number]);
      for (const { nodeId } of approvals)
        wrong.push(...(await disagreements(caller, nodeId, { Approval: nodeId })));
      const lent = await makeDelegations(server, 3, (at) => ({
        delegatorId: at === 0 ? people.COMPANY_LEADER.id : people[caller].id,
        delegateId: at === 0 ? people[caller].id : people.COMPANY_LEADER.id,
        ...(at === 2 ? { revokedAt: server.clock.now(), revokedById: people[caller].id } : {}),
      }));
      for (const { nodeId } of lent)
        wrong.push(...(await disagreements(caller, nodeId, { ApprovalDelegation: nodeId })));

      const { Budget } = await records();
      wrong.push(...(await disagreements(caller, Budget, { Budget })));
      expect(wrong).toEqual([]);
      // So many mutations take their time where other work runs beside.
    },
    120_000,
  );
});

describe('cursors and filters made up by a client', () => {
  test('are refused as such, and tell nothing', async () => {
    await makeCustomer(server);
    const page = async (after: string | null, where: object | null = null) =>
      server.gql(
        'SALES_REP',
        `query ($after: String, $where: CustomerWhere) {
          customers(orderBy: [{ field: createdAt }], first: 1, after: $after, where: $where) { edges { cursor } } }`,
        { after, where },
      );
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const { data } = await page(null);
    const [signature, key, id] = JSON.parse(
      Buffer.from(data.customers.edges[0].cursor, 'base64url').toString('utf8'),
    );
    for (const after of [
      encode([signature, 'no date', id]),
      encode([signature, '2026-02-30', id]),
      encode([signature, key, "'; drop table customer; --"]),
      encode([signature, '\u0000', id]),
      encode([signature, 7, id]),
      encode(['other', key, id]),
      encode({}),
      'nonsense',
    ]) {
      const { errors } = await page(after);
      expect(errors?.map(({ extensions }) => extensions)).toEqual([
        { code: 'BAD_USER_INPUT', argument: 'after' },
      ]);
    }
    // Masked rows count as null here: a key of the client's choosing compares with no value of theirs.
    const forged = await page(encode([signature, '1970-01-01', id]));
    expect(forged.errors).toBeUndefined();
    const filtered = await page(null, { name: { contains: '\u0000' } });
    expect(filtered.errors?.map(({ extensions }) => extensions)).toEqual([
      { code: 'BAD_USER_INPUT', argument: 'where' },
    ]);
  });
});

describe('idempotency keys', () => {
  test('are the actor’s own: the same key and input of another makes another record, and tells nothing of the first', async () => {
    const key = newId();
    const input = { name: '密钥贸易', idempotencyKey: key };
    const create = (caller: PersonName, given: object = input) =>
      mutate(server, caller, 'customerCreate', given, 'customer { id access { level } owner { id } }');
    const first = await create('SALES_REP');
    const other = await create('SALES_REP_2');
    expect(other.customer.id).not.toBe(first.customer.id);
    expect(other.customer.owner.id).toBe(people.SALES_REP_2.nodeId);
    expect(await create('SALES_REP')).toEqual(first);
    expect((await create('SALES_REP_2', { ...input, name: '另一家' })).__typename).toBe(
      'IdempotencyConflict',
    );
    expect((await create('MARKET_DEVELOPER', { ...input, name: '另一家' })).__typename).toBe(
      'CustomerCreateSuccess',
    );
    // Who may not create learns nothing from a key that was used.
    expect((await create('CS_AGENT')).__typename).toBe('Forbidden');
  });

  test('a repeated request answers with what the actor may see now', async () => {
    const input = { name: '回头贸易', lifecycle: 'TARGET', idempotencyKey: newId() };
    const create = () =>
      mutate(
        server,
        'SALES_REP',
        'customerCreate',
        input,
        'customer { id name access { level } file { number } }',
      );
    const first = await create();
    expect(first.customer).toMatchObject({ name: '回头贸易', access: { level: 'FULL' } });
    const id = Buffer.from(first.customer.id, 'base64').toString('utf8').split(':')[1] ?? '';
    await server.services.database.transaction(({ prisma }) =>
      prisma.customer.update({ where: { id }, data: { grade: 'A', lifecycle: 'ACTIVE' } }),
    );
    expect((await create()).customer).toEqual({
      id: first.customer.id,
      name: '回头***',
      access: { level: 'MASKED' },
      file: null,
    });
  });
});
