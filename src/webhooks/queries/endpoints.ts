import type { WebhookDeadLetter, WebhookDelivery, WebhookEndpoint } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder } from '../../platform/loaders.ts';
import { any, columns, type Sql, sql } from '../../platform/sql.ts';
import { reached, type ViewerSql } from '../../platform/visibility.ts';

/** An endpoint as the API shows it: never a secret, for none is kept. */
export type EndpointRow = Pick<
  WebhookEndpoint,
  | 'id'
  | 'name'
  | 'url'
  | 'kinds'
  | 'language'
  | 'ownerId'
  | 'state'
  | 'stateReason'
  | 'previousSecretUntil'
  | 'epoch'
  | 'nextAt'
  | 'circuit'
  | 'circuitSince'
  | 'failures'
  | 'lastDeliveredAt'
  | 'createdAt'
  | 'createdById'
  | 'proposedById'
  | 'decidedAt'
  | 'decidedById'
  | 'version'
> & { readonly __typename: 'WebhookEndpoint'; readonly seq: number | null };

export type DeliveryRow = WebhookDelivery & { readonly __typename: 'WebhookDelivery' };
export type DeadLetterRow = Omit<WebhookDeadLetter, 'seq'> & {
  readonly __typename: 'WebhookDeadLetter';
  readonly seq: number;
};

/** Who keeps, approves or audits webhooks, and the owner of each. */
export function endpointReadable(viewer: ViewerSql, w: Sql): Sql {
  return any([reached(viewer, [['webhook:read:ALL', sql`true`]]), sql`${w}.owner_id = ${viewer.employeeId}`]);
}

const w = sql`w`;

const ENDPOINT_COLUMNS = sql`${columns('w', [
  'id',
  'name',
  'url',
  'kinds',
  'language',
  'ownerId',
  'state',
  'stateReason',
  'previousSecretUntil',
  'epoch',
  'seq',
  'nextAt',
  'circuit',
  'circuitSince',
  'failures',
  'lastDeliveredAt',
  'createdAt',
  'createdById',
  'proposedById',
  'decidedAt',
  'decidedById',
  'version',
])}, 'WebhookEndpoint' as "__typename"`;

export const endpointById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<EndpointRow>(sql`
      select ${ENDPOINT_COLUMNS} from webhook_endpoint w
      where w.id = any(${[...ids]}::uuid[]) and ${endpointReadable(reader.sees, w)}`),
  ),
);

export const ENDPOINT_FIELDS = {
  name: { kind: 'String', column: sql`w.name` },
  state: { kind: 'Enum', enumName: 'WebhookState', column: sql`w.state` },
  circuit: { kind: 'Enum', enumName: 'WebhookCircuit', column: sql`w.circuit` },
  owner: { kind: 'ID', entity: 'Employee', column: sql`w.owner_id`, orderable: false },
  createdAt: { kind: 'DateTime', column: sql`w.created_at` },
} as const satisfies Record<string, ListField>;

/** A company has tens of them: the table is read as it is. */
export function endpointList(reader: Reader): ListSource {
  const visible = endpointReadable(reader.sees, w);
  return {
    from: sql`webhook_endpoint w`,
    id: sql`w.id`,
    select: ENDPOINT_COLUMNS,
    visible,
    full: visible,
    fields: ENDPOINT_FIELDS,
  };
}

export const DELIVERY_FIELDS = {
  endpoint: { kind: 'ID', entity: 'WebhookEndpoint', column: sql`d.endpoint_id`, orderable: false },
  kind: { kind: 'String', column: sql`d.kind`, orderable: false },
  messageId: { kind: 'String', column: sql`d.message_id`, orderable: false },
  outcome: { kind: 'Enum', enumName: 'WebhookOutcome', column: sql`d.outcome`, orderable: false },
  at: { kind: 'DateTime', column: sql`d.at` },
} as const satisfies Record<string, ListField>;

const DELIVERY_COLUMNS = sql`${columns('d', [
  'id',
  'endpointId',
  'messageId',
  'kind',
  'attempt',
  'at',
  'milliseconds',
  'outcome',
  'status',
  'error',
])}, 'WebhookDelivery' as "__typename"`;

export const deliveryById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<DeliveryRow>(sql`
      select ${DELIVERY_COLUMNS} from webhook_delivery d join webhook_endpoint w on w.id = d.endpoint_id
      where d.id = any(${[...ids]}::uuid[]) and ${endpointReadable(reader.sees, w)}`),
  ),
);

/** By the primary key, or by webhook_delivery(endpoint_id, id) for one endpoint. */
export function deliveryList(reader: Reader): ListSource {
  const visible = endpointReadable(reader.sees, w);
  return {
    from: sql`webhook_delivery d join webhook_endpoint w on w.id = d.endpoint_id`,
    id: sql`d.id`,
    select: DELIVERY_COLUMNS,
    visible,
    full: visible,
    fields: DELIVERY_FIELDS,
  };
}

export const DEAD_LETTER_FIELDS = {
  endpoint: { kind: 'ID', entity: 'WebhookEndpoint', column: sql`l.endpoint_id`, orderable: false },
  kind: { kind: 'String', column: sql`l.kind`, orderable: false },
  occurredAt: { kind: 'DateTime', column: sql`l.occurred_at` },
  deadAt: { kind: 'DateTime', column: sql`l.dead_at` },
} as const satisfies Record<string, ListField>;

const DEAD_LETTER_COLUMNS = sql`${columns('l', [
  'id',
  'endpointId',
  'epoch',
  'seq',
  'kind',
  'occurredAt',
  'deadAt',
  'attempts',
  'status',
  'error',
  'redeliverAt',
])}, 'WebhookDeadLetter' as "__typename"`;

/** By webhook_dead_letter(endpoint_id, id). */
export function deadLetterList(reader: Reader): ListSource {
  const visible = endpointReadable(reader.sees, w);
  return {
    from: sql`webhook_dead_letter l join webhook_endpoint w on w.id = l.endpoint_id`,
    id: sql`l.id`,
    select: DEAD_LETTER_COLUMNS,
    visible,
    full: visible,
    fields: DEAD_LETTER_FIELDS,
  };
}

export const deadLetterById = defineLoader(async (reader: Reader, ids) =>
  inOrder(
    ids,
    await reader.query<DeadLetterRow>(sql`
      select ${DEAD_LETTER_COLUMNS} from webhook_dead_letter l join webhook_endpoint w on w.id = l.endpoint_id
      where l.id = any(${[...ids]}::uuid[]) and ${endpointReadable(reader.sees, w)}`),
  ),
);

/** How many dead letters each endpoint has, by webhook_dead_letter(endpoint_id, id). */
export const deadLettersOf = defineLoader(async (reader: Reader, endpointIds) => {
  const rows = await reader.query<{ id: string; count: number }>(sql`
    select endpoint_id as id, count(*)::int as count from webhook_dead_letter
    where endpoint_id = any(${[...endpointIds]}::uuid[]) group by endpoint_id`);
  const counts = new Map(rows.map(({ id, count }) => [id, count]));
  return endpointIds.map((id) => counts.get(id) ?? 0);
});
