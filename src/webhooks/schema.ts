import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { ENUMS } from '../graphql/enums.ts';
import { nodeIdOf } from '../graphql/ids.ts';
import { listTypes, rootList } from '../graphql/lists.ts';
import { LiveEventKind } from '../graphql/live-types.ts';
import { mutation, type SuccessFields } from '../graphql/mutation.ts';
import { nodeBy } from '../graphql/node.ts';
import { ActionRightType } from '../graphql/shared-types.ts';
import {
  webhookEndpointCreate,
  webhookEndpointDecide,
  webhookEndpointDisable,
  webhookEndpointEnable,
  webhookEndpointUpdate,
  webhookPing,
  webhookRedeliver,
  webhookSecretRotate,
} from './commands/endpoints.ts';
import { webhookSecret } from './deliverer.ts';
import {
  DEAD_LETTER_FIELDS,
  type DeadLetterRow,
  deadLetterById,
  deadLetterList,
  deadLettersOf,
  DELIVERY_FIELDS,
  type DeliveryRow,
  deliveryById,
  deliveryList,
  ENDPOINT_FIELDS,
  endpointById,
  endpointList,
  type EndpointRow,
} from './queries/endpoints.ts';
import { endpointActions } from './rules.ts';

const EndpointType = builder.objectRef<EndpointRow>('WebhookEndpoint').implement({
  description:
    'A system that receives live events by HTTP. Read by ADMIN, HEAD, COMPANY_LEADER, INTERNAL_AUDITOR and its owner. Its secrets are shown once, when they are made.',
  fields: (t) => ({
    name: t.exposeString('name'),
    url: t.exposeString('url', { description: 'Where messages are posted to.' }),
    kinds: t.field({
      type: [LiveEventKind],
      description: 'Kinds that are delivered, with their special cases; empty: all that the owner may see.',
      resolve: (row) => row.kinds as never[],
    }),
    language: t.field({ type: ENUMS.WebhookLanguage, resolve: (row) => row.language }),
    owner: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Whose rights decide each delivery, as they stand then.',
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.ownerId) ?? null,
    }),
    state: t.field({ type: ENUMS.WebhookState, resolve: (row) => row.state }),
    stateReason: t.exposeString('stateReason', {
      nullable: true,
      description: 'Why it was approved, refused or disabled; OWNER_WITHOUT_RIGHTS when its owner has left.',
    }),
    circuit: t.field({ type: ENUMS.WebhookCircuit, resolve: (row) => row.circuit }),
    circuitSince: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Since when the circuit is not closed.',
      resolve: (row) => row.circuitSince,
    }),
    failures: t.exposeInt('failures', { description: 'Failed attempts since the last success.' }),
    nextAt: t.field({
      type: 'DateTime',
      description: 'Nothing is sent before; in the past while nothing waits.',
      resolve: (row) => row.nextAt,
    }),
    cursor: t.field({
      type: 'Cursor',
      nullable: true,
      description:
        'Everything that it is to hear up to here was delivered, or is a dead letter; null before its first approval.',
      resolve: (row) => (row.epoch === null ? null : `${row.epoch}.${row.seq}`),
    }),
    lastDeliveredAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.lastDeliveredAt }),
    previousSecretUntil: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Until then the secret before the last rotation signs too.',
      resolve: (row) => row.previousSecretUntil,
    }),
    deadLetters: t.int({
      description: 'Events that could not be delivered; `webhookDeadLetters` lists them.',
      resolve: (row, _args, { read }) => deadLettersOf.load(read, row.id),
    }),
    createdAt: t.field({ type: 'DateTime', resolve: (row) => row.createdAt }),
    proposedBy: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who last entered what HEAD decides.',
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.proposedById) ?? null,
    }),
    decidedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.decidedAt }),
    decidedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.decidedById ?? '') ?? null,
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
    viewerCan: t.field({
      type: [ActionRightType],
      description: 'What the viewer may do with it now, and why not.',
      complexity: { multiplier: 7 },
      resolve: (row, _args, { read }) => endpointActions(row, read.viewer),
    }),
  }),
});
nodeBy(EndpointType, endpointById);
rootList('webhookEndpoints', listTypes<EndpointRow>('WebhookEndpoint', EndpointType, ENDPOINT_FIELDS), {
  description: 'Webhook endpoints that the viewer may read.',
  source: endpointList,
});

const DeliveryType = builder.objectRef<DeliveryRow>('WebhookDelivery').implement({
  description:
    'One attempt to deliver a message: how it went, never what it said. Kept for webhooks.logDays.',
  fields: (t) => ({
    endpoint: t.field({
      type: EndpointType,
      nullable: true,
      resolve: (row, _args, { read }) => endpointById.load(read, row.endpointId),
    }),
    messageId: t.exposeString('messageId', {
      description:
        'The header webhook-id: the same for every attempt, by which a receiver knows a repetition.',
    }),
    kind: t.exposeString('kind', { description: 'A LiveEventKind, HEARTBEAT or STREAM_RESET.' }),
    attempt: t.exposeInt('attempt', { description: 'From 1.' }),
    at: t.field({ type: 'DateTime', resolve: (row) => row.at }),
    milliseconds: t.exposeInt('milliseconds', { description: 'Until the answer, or until it was given up.' }),
    outcome: t.field({ type: ENUMS.WebhookOutcome, resolve: (row) => row.outcome }),
    status: t.exposeInt('status', { nullable: true, description: 'Of HTTP; null without an answer.' }),
    error: t.exposeString('error', {
      nullable: true,
      description:
        'Why there was no answer: ADDRESS_NOT_ALLOWED, HTTPS_REQUIRED, NAME_NOT_FOUND, TIMEOUT, TLS or CONNECTION.',
    }),
  }),
});
nodeBy(DeliveryType, deliveryById);
rootList('webhookDeliveries', listTypes<DeliveryRow>('WebhookDelivery', DeliveryType, DELIVERY_FIELDS), {
  description: 'Attempts to deliver to endpoints that the viewer may read.',
  source: deliveryList,
});

const DeadLetterType = builder.objectRef<DeadLetterRow>('WebhookDeadLetter').implement({
  description:
    'An event that was tried webhooks.maxAttempts times in vain. Kept as long as the event itself, and gone once it is delivered.',
  fields: (t) => ({
    endpoint: t.field({
      type: EndpointType,
      nullable: true,
      resolve: (row, _args, { read }) => endpointById.load(read, row.endpointId),
    }),
    kind: t.field({ type: LiveEventKind, resolve: (row) => row.kind as never }),
    cursor: t.field({
      type: 'Cursor',
      description: 'Its place in the stream.',
      resolve: (row) => `${row.epoch}.${row.seq}`,
    }),
    occurredAt: t.field({ type: 'DateTime', resolve: (row) => row.occurredAt }),
    deadAt: t.field({
      type: 'DateTime',
      description: 'When it was tried last.',
      resolve: (row) => row.deadAt,
    }),
    attempts: t.exposeInt('attempts'),
    status: t.exposeInt('status', { nullable: true, description: 'Of the last answer.' }),
    error: t.exposeString('error', {
      nullable: true,
      description: 'Why there was no answer, as in WebhookDelivery.',
    }),
    redeliverAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Since when it waits to be delivered again.',
      resolve: (row) => row.redeliverAt,
    }),
  }),
});
nodeBy(DeadLetterType, deadLetterById);
rootList(
  'webhookDeadLetters',
  listTypes<DeadLetterRow>('WebhookDeadLetter', DeadLetterType, DEAD_LETTER_FIELDS),
  {
    description: 'Events that could not be delivered to endpoints that the viewer may read.',
    source: deadLetterList,
  },
);

interface OfEndpoint {
  readonly endpointId: string;
}

function endpointField(t: SuccessFields<OfEndpoint>) {
  return {
    endpoint: t.field({
      type: EndpointType,
      nullable: true,
      resolve: (done: OfEndpoint, _args: unknown, { read }: Context) =>
        endpointById.load(read, done.endpointId),
    }),
  };
}

interface WithSecret extends OfEndpoint {
  readonly secretNumber: number;
}

function secretFields(t: SuccessFields<WithSecret>) {
  return {
    endpoint: t.field({
      type: EndpointType,
      nullable: true,
      resolve: (done: WithSecret, _args: unknown, { read }: Context) =>
        endpointById.load(read, done.endpointId),
    }),
    secret: t.string({
      description: 'whsec_ and the key as base64 (Standard Webhooks). Shown here and nowhere else.',
      resolve: (done: WithSecret, _args: unknown, { links }: Context) =>
        webhookSecret(links, done.endpointId, done.secretNumber),
    }),
  };
}

const ENDPOINT_ID = { required: true, ...nodeIdOf('WebhookEndpoint') } as const;
const VERSION = 'The version that was read.';
const URL_DESCRIPTION =
  'An https:// address of at most 2,000 characters, without user name, password and fragment; http:// where webhooks.allowHttp says so.';
const KINDS_DESCRIPTION =
  'Kinds to deliver; a general kind brings its special cases. Empty: all that the owner may see.';
const ERRORS = ['StaleVersion', 'IllegalTransition'] as const;

mutation('webhookEndpointCreate', {
  description:
    'Enters a receiver of live events: ADMIN. Nothing is delivered before HEAD has approved it (section 26).',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    name: t.string({ required: true, description: '1 to 200 characters.' }),
    url: t.string({ required: true, description: URL_DESCRIPTION }),
    kinds: t.field({ type: [LiveEventKind], description: KINDS_DESCRIPTION }),
    language: t.field({ type: ENUMS.WebhookLanguage, description: 'Of messages; EN unless given.' }),
    ownerId: t.id({
      required: true,
      description: 'An employee who holds a role; their rights decide each delivery.',
      ...nodeIdOf('Employee'),
    }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input, read) => webhookEndpointCreate(tx, viewer, input as never, read),
  success: secretFields,
});

mutation('webhookEndpointUpdate', {
  description:
    'Changes a receiver: ADMIN. It is pending again, and goes on from where it stood once HEAD has approved it.',
  errors: ERRORS,
  input: (t) => ({
    endpointId: t.id(ENDPOINT_ID),
    name: t.string({ description: '1 to 200 characters.' }),
    url: t.string({ description: URL_DESCRIPTION }),
    kinds: t.field({ type: [LiveEventKind], description: KINDS_DESCRIPTION }),
    language: t.field({ type: ENUMS.WebhookLanguage }),
    ownerId: t.id({ ...nodeIdOf('Employee') }),
    expectedVersion: t.int({ description: VERSION }),
  }),
  run: (tx, viewer, input, read) => webhookEndpointUpdate(tx, viewer, input as never, read),
  success: endpointField,
});

mutation('webhookEndpointDecide', {
  description:
    'Approves or refuses a receiver, with the reason in writing: HEAD, and never who entered it (section 26).',
  errors: ERRORS,
  input: (t) => ({
    endpointId: t.id(ENDPOINT_ID),
    approve: t.boolean({ required: true }),
    reason: t.string({ required: true, description: '1 to 2,000 characters.' }),
    expectedVersion: t.int({ description: VERSION }),
  }),
  run: (tx, viewer, input, read) => webhookEndpointDecide(tx, viewer, input, read),
  success: endpointField,
});

mutation('webhookEndpointDisable', {
  description: 'Stops deliveries to a receiver at once: ADMIN and HEAD. Its place in the stream is kept.',
  errors: ERRORS,
  input: (t) => ({
    endpointId: t.id(ENDPOINT_ID),
    reason: t.string({ required: true, description: '1 to 2,000 characters.' }),
    expectedVersion: t.int({ description: VERSION }),
  }),
  run: (tx, viewer, input) => webhookEndpointDisable(tx, viewer, input),
  success: endpointField,
});

mutation('webhookEndpointEnable', {
  description: 'Lets a disabled receiver go on from where it stood: ADMIN.',
  errors: ERRORS,
  input: (t) => ({ endpointId: t.id(ENDPOINT_ID), expectedVersion: t.int({ description: VERSION }) }),
  run: (tx, viewer, input, read) => webhookEndpointEnable(tx, viewer, input, read),
  success: endpointField,
});

mutation('webhookSecretRotate', {
  description:
    'Gives a receiver another secret: ADMIN. For webhooks.secretOverlapHours each message is signed with both.',
  errors: ERRORS,
  input: (t) => ({ endpointId: t.id(ENDPOINT_ID), expectedVersion: t.int({ description: VERSION }) }),
  run: (tx, viewer, input) => webhookSecretRotate(tx, viewer, input),
  success: secretFields,
});

mutation('webhookPing', {
  description:
    'Has a heartbeat sent to a receiver, even while its circuit is open: ADMIN. `webhookDeliveries` tells how it went.',
  errors: ERRORS,
  input: (t) => ({ endpointId: t.id(ENDPOINT_ID), expectedVersion: t.int({ description: VERSION }) }),
  run: (tx, viewer, input) => webhookPing(tx, viewer, input),
  success: endpointField,
});

mutation('webhookRedeliver', {
  description:
    'Has one dead letter of a receiver delivered again, or all of them: ADMIN. The rights of the owner are decided anew.',
  errors: ERRORS,
  input: (t) => ({
    endpointId: t.id(ENDPOINT_ID),
    deadLetterId: t.id({ description: 'Absent: all that there are.', ...nodeIdOf('WebhookDeadLetter') }),
    expectedVersion: t.int({ description: VERSION }),
  }),
  run: (tx, viewer, input) => webhookRedeliver(tx, viewer, input),
  success: (t) => ({
    endpoint: t.field({
      type: EndpointType,
      nullable: true,
      resolve: (done, _args, { read }) => endpointById.load(read, done.endpointId),
    }),
    count: t.exposeInt('count', { description: 'Dead letters that are delivered again.' }),
  }),
});
