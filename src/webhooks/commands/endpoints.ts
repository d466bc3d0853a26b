import type { WebhookEndpoint, WebhookLanguage } from '../../generated/prisma/client.ts';
import { Forbidden, Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { text } from '../../lib/text.ts';
import { findViewer, type Reader } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { readHead } from '../../platform/feed.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { endpointReadable } from '../queries/endpoints.ts';
import { actOn, urlIssue, type WebhookAction } from '../rules.ts';
import { WEBHOOK_SETTINGS } from '../settings.ts';

const NAME_MOST = 200;
const REASON_MOST = 2_000;
const KINDS_MOST = 200;
const ENDPOINT = text('webhook endpoint', 'Webhook 端点');

interface EndpointFacts {
  readonly name?: string | null;
  readonly url?: string | null;
  readonly kinds?: readonly string[] | null;
  readonly language?: WebhookLanguage | null;
  readonly ownerId?: string | null;
}

function expectFacts(issues: Issues, tx: Command, facts: EndpointFacts, read: Reader): void {
  const { name, url, kinds, ownerId } = facts;
  if (name != null) {
    issues.expect(
      name.trim() !== '' && name.length <= NAME_MOST,
      'name',
      text(`1 to ${NAME_MOST} characters`, `1 到 ${NAME_MOST} 字`),
    );
  }
  if (url != null) {
    const issue = urlIssue(url, tx.settings.get(WEBHOOK_SETTINGS.allowHttp));
    if (issue) issues.expect(false, 'url', issue);
  }
  issues.expect(
    (kinds ?? []).length <= KINDS_MOST,
    'kinds',
    text(`at most ${KINDS_MOST} kinds`, `最多 ${KINDS_MOST} 种`),
  );
  if (ownerId != null) {
    issues.expect(
      hasRights(ownerId, tx, read),
      'ownerId',
      text('an employee who holds a role now', '当前担任角色的员工'),
    );
  }
}

/** True for a person who is employed and holds a role: who has none may see no event. */
function hasRights(employeeId: string, tx: Command, { organisation, timeZone }: Reader): boolean {
  const subject = organisation.employees.get(employeeId)?.subject;
  return subject !== undefined && findViewer(organisation, subject, tx.now, timeZone) !== null;
}

export interface WebhookEndpointCreateInput {
  readonly name: string;
  readonly url: string;
  readonly kinds?: readonly string[] | null;
  readonly language?: WebhookLanguage | null;
  readonly ownerId: string;
  readonly idempotencyKey?: string | null;
}

/** Enters an endpoint; nothing is delivered before HEAD has approved it. */
export async function webhookEndpointCreate(
  tx: Command,
  viewer: Viewer,
  input: WebhookEndpointCreateInput,
  read: Reader,
): Promise<{ endpointId: string; secretNumber: number }> {
  if (!can(viewer, 'webhook', 'write')) throw new Forbidden(rolesWith('webhook', 'write'));
  const issues = new Issues();
  expectFacts(issues, tx, input, read);
  issues.throwIfAny();
  const endpointId = await once(tx, 'webhookEndpointCreate', input.idempotencyKey, input, async (id) => {
    const facts = {
      name: input.name.trim(),
      url: input.url,
      kinds: [...new Set(input.kinds ?? [])],
      language: input.language ?? 'EN',
      ownerId: input.ownerId,
    };
    const by = { createdById: viewer.employeeId, proposedById: viewer.employeeId };
    await tx.prisma.webhookEndpoint.create({
      data: { id, ...facts, ...by, createdAt: tx.now, nextAt: tx.now },
    });
    tx.audit({ action: 'webhook.CREATE', subjectType: 'WebhookEndpoint', subjectId: id, after: facts });
  });
  return { endpointId, secretNumber: 1 };
}

interface OnEndpoint {
  readonly endpointId: string;
  readonly expectedVersion?: number | null;
}

/** Locks an endpoint that the viewer may read; the state is the one that the action leads to. */
async function lockEndpoint(
  tx: Command,
  viewer: Viewer,
  input: OnEndpoint,
  action: WebhookAction,
): Promise<{ endpoint: WebhookEndpoint; state: WebhookEndpoint['state'] }> {
  const [row] = await tx.query<{ id: string }>(sql`
    select w.id from webhook_endpoint w
    where w.id = ${input.endpointId}::uuid and ${endpointReadable(constantViewer(viewer, tx.now), sql`w`)}
    for update of w`);
  if (!row) throw new NotFound(['endpointId'], ENDPOINT);
  const endpoint = await tx.prisma.webhookEndpoint.findUniqueOrThrow({ where: { id: row.id } });
  const state = actOn(endpoint, action, viewer);
  if (input.expectedVersion != null && input.expectedVersion !== endpoint.version) {
    throw new StaleVersion(endpoint.version);
  }
  return { endpoint, state };
}

type EndpointChange = Parameters<Command['prisma']['webhookEndpoint']['update']>[0]['data'];

async function change(
  tx: Command,
  endpoint: WebhookEndpoint,
  action: string,
  data: EndpointChange,
  told: Readonly<Record<string, unknown>>,
): Promise<{ endpointId: string }> {
  await tx.prisma.webhookEndpoint.update({
    where: { id: endpoint.id },
    data: { ...data, version: { increment: 1 } },
  });
  tx.audit({
    action: `webhook.${action}`,
    subjectType: 'WebhookEndpoint',
    subjectId: endpoint.id,
    before: { state: endpoint.state },
    after: { ...told },
  });
  return { endpointId: endpoint.id };
}

export interface WebhookEndpointUpdateInput extends OnEndpoint, EndpointFacts {}

/** Changes an endpoint; it delivers again once HEAD has approved the change, from where it stood. */
export async function webhookEndpointUpdate(
  tx: Command,
  viewer: Viewer,
  input: WebhookEndpointUpdateInput,
  read: Reader,
): Promise<{ endpointId: string }> {
  const { endpoint, state } = await lockEndpoint(tx, viewer, input, 'UPDATE');
  const issues = new Issues();
  expectFacts(issues, tx, input, read);
  issues.throwIfAny();
  const facts = {
    name: input.name?.trim() ?? endpoint.name,
    url: input.url ?? endpoint.url,
    kinds: input.kinds ? [...new Set(input.kinds)] : endpoint.kinds,
    language: input.language ?? endpoint.language,
    ownerId: input.ownerId ?? endpoint.ownerId,
  };
  const asNew = { stateReason: null, decidedAt: null, decidedById: null, proposedById: viewer.employeeId };
  return change(
    tx,
    endpoint,
    'UPDATE',
    { ...facts, ...asNew, ...RESTED, nextAt: tx.now, state },
    { ...facts, state },
  );
}

/** An endpoint that starts anew is not held up by what happened before. */
const RESTED = { circuit: 'CLOSED', circuitSince: null, failures: 0, attempts: 0, attemptOf: null } as const;

export interface WebhookEndpointDecideInput extends OnEndpoint {
  readonly approve: boolean;
  readonly reason: string;
}

/** Approves or refuses an endpoint, with the reason in writing. It hears of what happens from its first approval on. */
export async function webhookEndpointDecide(
  tx: Command,
  viewer: Viewer,
  input: WebhookEndpointDecideInput,
  read: Reader,
): Promise<{ endpointId: string }> {
  const action = input.approve ? 'APPROVE' : 'REFUSE';
  const { endpoint, state } = await lockEndpoint(tx, viewer, input, action);
  const issues = new Issues();
  const reason = expectReason(issues, input.reason);
  if (input.approve) expectOwner(issues, endpoint, tx, read);
  issues.throwIfAny();
  const decided = { state, decidedAt: tx.now, decidedById: viewer.employeeId, stateReason: reason };
  const data = input.approve ? { ...decided, ...(await startOf(tx, endpoint)) } : decided;
  return change(tx, endpoint, action, data, { state, reason });
}

/** Where an endpoint that is approved goes on, or begins: the head of the stream. */
async function startOf(tx: Command, endpoint: WebhookEndpoint): Promise<EndpointChange> {
  if (endpoint.seq !== null) return { nextAt: tx.now };
  const head = await readHead(tx);
  return { nextAt: tx.now, epoch: head.epoch, seq: head.seq };
}

function expectReason(issues: Issues, reason: string): string {
  issues.expect(
    reason.trim() !== '' && reason.length <= REASON_MOST,
    'reason',
    text(`why, in 1 to ${REASON_MOST} characters`, `理由，1 到 ${REASON_MOST} 字`),
  );
  return reason.trim();
}

function expectOwner(issues: Issues, endpoint: WebhookEndpoint, tx: Command, read: Reader): void {
  issues.expect(
    hasRights(endpoint.ownerId, tx, read),
    'endpointId',
    text('an endpoint whose owner holds a role now', '负责人当前担任角色的端点'),
  );
}

export interface WebhookEndpointDisableInput extends OnEndpoint {
  readonly reason: string;
}

/** Stops an endpoint at once; its place in the stream is kept. */
export async function webhookEndpointDisable(
  tx: Command,
  viewer: Viewer,
  input: WebhookEndpointDisableInput,
): Promise<{ endpointId: string }> {
  const { endpoint, state } = await lockEndpoint(tx, viewer, input, 'DISABLE');
  const issues = new Issues();
  const reason = expectReason(issues, input.reason);
  issues.throwIfAny();
  return change(tx, endpoint, 'DISABLE', { state, stateReason: reason, pingId: null }, { state, reason });
}

/** Lets a disabled endpoint go on from where it stood, as HEAD has approved it. */
export async function webhookEndpointEnable(
  tx: Command,
  viewer: Viewer,
  input: OnEndpoint,
  read: Reader,
): Promise<{ endpointId: string }> {
  const { endpoint, state } = await lockEndpoint(tx, viewer, input, 'ENABLE');
  const issues = new Issues();
  expectOwner(issues, endpoint, tx, read);
  issues.throwIfAny();
  const data = { state, stateReason: null, ...RESTED, nextAt: tx.now };
  return change(tx, endpoint, 'ENABLE', data, { state });
}

/** Gives an endpoint another secret; the one before signs beside it for webhooks.secretOverlapHours. */
export async function webhookSecretRotate(
  tx: Command,
  viewer: Viewer,
  input: OnEndpoint,
): Promise<{ endpointId: string; secretNumber: number }> {
  const { endpoint } = await lockEndpoint(tx, viewer, input, 'ROTATE');
  const hours = tx.settings.get(WEBHOOK_SETTINGS.secretOverlapHours);
  const secretNumber = endpoint.secretNumber + 1;
  const previousSecretUntil = new Date(tx.now.getTime() + hours * 3_600_000);
  const data = { secretNumber, previousSecretUntil };
  return { ...(await change(tx, endpoint, 'ROTATE', data, data)), secretNumber };
}

/** Has a heartbeat delivered, whatever the circuit says; the log of deliveries tells how it went. */
export async function webhookPing(
  tx: Command,
  viewer: Viewer,
  input: OnEndpoint,
): Promise<{ endpointId: string }> {
  const { endpoint } = await lockEndpoint(tx, viewer, input, 'PING');
  return change(tx, endpoint, 'PING', { pingId: newId(), nextAt: tx.now }, {});
}

export interface WebhookRedeliverInput extends OnEndpoint {
  readonly deadLetterId?: string | null;
}

/** Has one dead letter of an endpoint delivered again, or all that it has now; one statement. */
export async function webhookRedeliver(
  tx: Command,
  viewer: Viewer,
  input: WebhookRedeliverInput,
): Promise<{ endpointId: string; count: number }> {
  const { endpoint } = await lockEndpoint(tx, viewer, input, 'REDELIVER');
  const letterId = input.deadLetterId ?? null;
  const rows = await tx.query(sql`
    update webhook_dead_letter set redeliver_at = ${tx.now}::timestamptz
    where endpoint_id = ${endpoint.id}::uuid and (${letterId}::uuid is null or id = ${letterId}::uuid)
    returning id`);
  if (letterId !== null && rows.length === 0) {
    throw new NotFound(['deadLetterId'], text('dead letter of the endpoint', '该端点的死信'));
  }
  const done = await change(tx, endpoint, 'REDELIVER', {}, { letters: rows.length });
  return { ...done, count: rows.length };
}
