import type { WebhookCircuit, WebhookState } from '../generated/prisma/enums.ts';
import { Forbidden } from '../lib/errors.ts';
import { type Text, text } from '../lib/text.ts';
import { allowedActions, transition, type Workflow } from '../lib/workflow.ts';
import { rolesWith } from '../organisation/rules/permissions.ts';
import { can, type Viewer } from '../organisation/rules/viewer.ts';

export type WebhookAction =
  | 'UPDATE'
  | 'APPROVE'
  | 'REFUSE'
  | 'DISABLE'
  | 'ENABLE'
  | 'PING'
  | 'REDELIVER'
  | 'ROTATE';

/** What is delivered where under whose rights is approved by HEAD; stopping needs nobody's leave (section 26). */
const WORKFLOW: Workflow<WebhookState, WebhookAction> = {
  PENDING: { UPDATE: 'PENDING', APPROVE: 'ACTIVE', REFUSE: 'REFUSED', ROTATE: 'PENDING' },
  ACTIVE: {
    UPDATE: 'PENDING',
    DISABLE: 'DISABLED',
    PING: 'ACTIVE',
    REDELIVER: 'ACTIVE',
    ROTATE: 'ACTIVE',
  },
  REFUSED: { UPDATE: 'PENDING' },
  DISABLED: { UPDATE: 'PENDING', ENABLE: 'ACTIVE', ROTATE: 'DISABLED' },
};

interface Endpoint {
  readonly state: WebhookState;
  readonly proposedById: string;
}

/** The mutation of each action, in the order in which `viewerCan` names them. */
const ACTIONS = {
  webhookEndpointUpdate: ['UPDATE'],
  webhookEndpointDecide: ['APPROVE', 'REFUSE'],
  webhookEndpointDisable: ['DISABLE'],
  webhookEndpointEnable: ['ENABLE'],
  webhookSecretRotate: ['ROTATE'],
  webhookPing: ['PING'],
  webhookRedeliver: ['REDELIVER'],
} as const satisfies Record<string, readonly WebhookAction[]>;

/** ADMIN keeps endpoints; HEAD decides about them, and may stop one. */
function mayAct(viewer: Viewer, action: WebhookAction): boolean {
  if (action === 'APPROVE' || action === 'REFUSE') return can(viewer, 'webhook', 'approve');
  return can(viewer, 'webhook', 'write') || (action === 'DISABLE' && can(viewer, 'webhook', 'approve'));
}

function isOwnProposal(endpoint: Endpoint, viewer: Viewer, action: WebhookAction): boolean {
  return action === 'APPROVE' && endpoint.proposedById === viewer.employeeId;
}

/** The state that an action leads to, or the error that says why not; nobody approves their own proposal. */
export function actOn(endpoint: Endpoint, action: WebhookAction, viewer: Viewer): WebhookState {
  if (!mayAct(viewer, action)) {
    const decides = action === 'APPROVE' || action === 'REFUSE';
    throw new Forbidden(rolesWith('webhook', decides ? 'approve' : 'write'));
  }
  const state = transition(WORKFLOW, endpoint.state, action);
  if (isOwnProposal(endpoint, viewer, action)) {
    throw new Forbidden(
      ['another approver'],
      text('Nobody decides their own proposal.', '不能审批自己的提议。'),
    );
  }
  return state;
}

/** What a viewer may do with an endpoint, as data. */
export function endpointActions(
  endpoint: Endpoint,
  viewer: Viewer,
): { action: string; allowed: boolean; reason: string | null }[] {
  return Object.entries(ACTIONS).map(([action, steps]) => {
    const [step] = steps;
    const possible: readonly WebhookAction[] = allowedActions(WORKFLOW, endpoint.state);
    const reason = !mayAct(viewer, step)
      ? 'FORBIDDEN'
      : !possible.includes(step)
        ? `STATE_${endpoint.state}`
        : isOwnProposal(endpoint, viewer, step)
          ? 'OWN_PROPOSAL'
          : null;
    return { action, allowed: reason === null, reason };
  });
}

const URL_MOST = 2_000;

/** Why an address cannot be an endpoint's; null when it can. Where its name leads is looked at with every delivery. */
export function urlIssue(url: string, allowHttp: boolean): Text | null {
  const accepted = allowHttp
    ? text(
        'an https:// or http:// address of at most 2,000 characters',
        '不超过 2000 字的 https:// 或 http:// 地址',
      )
    : text('an https:// address of at most 2,000 characters', '不超过 2000 字的 https:// 地址');
  if (url.length > URL_MOST || !URL.canParse(url)) return accepted;
  const { protocol, username, password, hash } = new URL(url);
  if (protocol !== 'https:' && !(allowHttp && protocol === 'http:')) return accepted;
  if (username !== '' || password !== '' || hash !== '') {
    return text('an address without a user name, a password or a fragment', '不含用户名、密码和片段的地址');
  }
  return null;
}

/** The header `webhook-id`: the same for every attempt; without the full stop, which parts what is signed. */
export function messageIdOf(kind: 'evt' | 'reset' | 'ping', id: string): string {
  return `${kind}_${id}`;
}

export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly retrySeconds: number;
  readonly retryMaxSeconds: number;
  readonly circuitFailures: number;
  readonly circuitSeconds: number;
}

export interface Attempted {
  readonly circuit: WebhookCircuit;
  readonly circuitSince: Date | null;
  /** Failed attempts in a row, whatever the message. */
  readonly failures: number;
  /** Of this message, with this one. */
  readonly attempt: number;
}

export interface AfterAttempt {
  readonly circuit: WebhookCircuit;
  readonly circuitSince: Date | null;
  readonly failures: number;
  readonly nextAt: Date;
  /** It was the last attempt of the message. */
  readonly dead: boolean;
  /** The circuit has opened with it. */
  readonly opened: boolean;
}

/** Milliseconds until a message is tried again: doubled each time up to a most, of which chance takes off up to a half. */
export function retryDelay(attempt: number, policy: RetryPolicy, chance: number): number {
  const seconds = Math.min(policy.retrySeconds * 2 ** (attempt - 1), policy.retryMaxSeconds);
  return Math.round(seconds * 1000 * (1 - chance / 2));
}

/** What becomes of an endpoint after a delivery that succeeded. */
export function afterSuccess(now: Date): AfterAttempt {
  return { circuit: 'CLOSED', circuitSince: null, failures: 0, nextAt: now, dead: false, opened: false };
}

/**
 * What becomes of an endpoint after one that failed: `chance` is from 0 to 1, `retryAfter` the milliseconds that the
 * receiver asked for. A message that was tried often enough is dead, and the next one follows; while the circuit is
 * open nothing does.
 */
export function afterFailure(
  attempted: Attempted,
  policy: RetryPolicy,
  now: Date,
  chance: number,
  retryAfter: number | null,
): AfterAttempt {
  const failures = attempted.failures + 1;
  const isOpen = attempted.circuit !== 'CLOSED' || failures >= policy.circuitFailures;
  const dead = attempted.attempt >= policy.maxAttempts;
  const asked = Math.min(retryAfter ?? 0, policy.retryMaxSeconds * 1000);
  const delay = Math.max(
    dead ? 0 : retryDelay(attempted.attempt, policy, chance),
    isOpen ? policy.circuitSeconds * 1000 : 0,
    asked,
  );
  return {
    circuit: isOpen ? 'OPEN' : 'CLOSED',
    circuitSince: isOpen ? (attempted.circuitSince ?? now) : null,
    failures,
    nextAt: new Date(now.getTime() + delay),
    dead,
    opened: isOpen && attempted.circuit === 'CLOSED',
  };
}
