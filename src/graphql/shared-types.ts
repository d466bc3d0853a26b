import type { Money } from '../lib/money.ts';
import type { AccessLevel } from '../platform/visibility.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';

const AccessLevelType = builder.enumType('AccessLevel', {
  description: 'How much of a record a viewer sees.',
  values: {
    FULL: { description: 'Everything.' },
    MASKED: { description: 'The card only.' },
    NONE: { description: 'Not that it exists.' },
  } as const,
});

export const AccessType = builder.objectRef<{ level: AccessLevel; reason: string }>('Access').implement({
  description: "The viewer's access to a record.",
  fields: (t) => ({
    level: t.field({ type: AccessLevelType, resolve: (access) => access.level }),
    reason: t.exposeString('reason', { description: 'ALLOWED, GRADE_A_DEDICATED_ONLY or NOT_ASSIGNED.' }),
  }),
});

/** Whether the viewer may do something, and why not. */
export interface ActionRight {
  readonly action: string;
  readonly allowed: boolean;
  /** Null when it is allowed. */
  readonly reason: string | null;
}

export const ActionRightType = builder.objectRef<ActionRight>('ActionRight').implement({
  description:
    'Whether the viewer may do something with a record now, and why not: rights and state as data.',
  fields: (t) => ({
    action: t.exposeString('action', { description: 'Name of the mutation.' }),
    allowed: t.exposeBoolean('allowed'),
    reason: t.exposeString('reason', {
      nullable: true,
      description: 'FORBIDDEN, or the state that does not allow it; null when allowed.',
    }),
  }),
});

/** An amount of a row in the business currency. */
export function money(
  amount: { toString(): string } | null,
  context: Pick<Context, 'currency'>,
): Money | null {
  return amount === null ? null : { amount: twoPlaces(amount.toString()), currency: context.currency };
}

function twoPlaces(amount: string): string {
  const [whole, fraction = ''] = amount.split('.');
  return `${whole}.${fraction.padEnd(2, '0')}`;
}

export const SettingChangeStateType = builder.enumType('SettingChangeState', {
  description: 'ADMIN proposes, HEAD approves or refuses.',
  values: ['PROPOSED', 'APPROVED', 'REFUSED'] as const,
});
