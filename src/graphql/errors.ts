import type {
  BudgetExceeded,
  DomainError,
  Forbidden,
  IdempotencyConflict,
  IllegalTransition,
  InvalidInput,
  Issue,
  NotFound,
  QuotaExceeded,
  StaleVersion,
} from '../lib/errors.ts';
import { inLocale } from '../lib/text.ts';
import { builder } from './builder.ts';

function is(name: string) {
  return (value: unknown) => (value as { __typename?: string }).__typename === name;
}

const ErrorInterface = builder.interfaceRef<DomainError>('Error').implement({
  description: 'An expected failure. Nothing of the mutation was kept.',
  fields: (t) => ({
    code: t.exposeString('code', {
      description: 'Stable code to act on; does not change with the language.',
    }),
    message: t.string({
      description: 'For a person, in the language of Accept-Language.',
      resolve: (error, _args, context) => inLocale(error.text, context.locale),
    }),
    path: t.stringList({
      nullable: true,
      description: 'The input field that caused it, where one did.',
      resolve: (error) => error.path as string[] | null,
    }),
  }),
});

const IssueType = builder.objectRef<Issue>('InputIssue').implement({
  description: 'One thing wrong with an input.',
  fields: (t) => ({
    path: t.stringList({ resolve: (issue) => [...issue.path], description: 'The field, step by step.' }),
    message: t.string({
      description: 'What is wrong and what is accepted.',
      resolve: (issue, _args, context) => inLocale(issue.message, context.locale),
    }),
  }),
});

const InvalidInputType = builder.objectRef<InvalidInput>('InvalidInput').implement({
  description: 'The input is not accepted; each issue names a field and what is accepted there.',
  interfaces: [ErrorInterface],
  isTypeOf: is('InvalidInput'),
  fields: (t) => ({ issues: t.field({ type: [IssueType], resolve: (error) => [...error.issues] }) }),
});

const NotFoundType = builder.objectRef<NotFound>('NotFound').implement({
  description: 'There is no such record, or the viewer may not know of it.',
  interfaces: [ErrorInterface],
  isTypeOf: is('NotFound'),
});

const ForbiddenType = builder.objectRef<Forbidden>('Forbidden').implement({
  description: 'The viewer may see the record but not do this.',
  interfaces: [ErrorInterface],
  isTypeOf: is('Forbidden'),
  fields: (t) => ({
    required: t.stringList({
      description: 'Roles or facts that would allow it.',
      resolve: (error) => [...error.required],
    }),
  }),
});

const IllegalTransitionType = builder.objectRef<IllegalTransition>('IllegalTransition').implement({
  description: 'The action is not possible in the present state.',
  interfaces: [ErrorInterface],
  isTypeOf: is('IllegalTransition'),
  fields: (t) => ({
    from: t.exposeString('from', { description: 'The present state.' }),
    to: t.exposeString('to', { description: 'The action or state asked for.' }),
    allowed: t.stringList({ description: 'What is possible now.', resolve: (error) => [...error.allowed] }),
  }),
});

const StaleVersionType = builder.objectRef<StaleVersion>('StaleVersion').implement({
  description: 'Somebody changed the record since it was read.',
  interfaces: [ErrorInterface],
  isTypeOf: is('StaleVersion'),
  fields: (t) => ({ current: t.exposeInt('current', { description: 'The version now.' }) }),
});

const BudgetExceededType = builder.objectRef<BudgetExceeded>('BudgetExceeded').implement({
  description: 'More money is asked for than the budget line has left (BUD-09).',
  interfaces: [ErrorInterface],
  isTypeOf: is('BudgetExceeded'),
  fields: (t) => ({
    available: t.field({ type: 'Decimal', resolve: (error) => error.available }),
    requested: t.field({ type: 'Decimal', resolve: (error) => error.requested }),
  }),
});

const QuotaExceededType = builder.objectRef<QuotaExceeded>('QuotaExceeded').implement({
  description: 'Too much of it at a time; it may be tried again later.',
  interfaces: [ErrorInterface],
  isTypeOf: is('QuotaExceeded'),
  fields: (t) => ({
    retryAfter: t.exposeInt('retryAfter', { description: 'Seconds after which it may be tried again.' }),
  }),
});

const IdempotencyConflictType = builder.objectRef<IdempotencyConflict>('IdempotencyConflict').implement({
  description: 'The idempotency key was used with another input within 24 hours.',
  interfaces: [ErrorInterface],
  isTypeOf: is('IdempotencyConflict'),
});

/** The typed errors a mutation can name; every mutation has InvalidInput, NotFound and Forbidden. */
export const ERROR_TYPES = {
  InvalidInput: InvalidInputType,
  NotFound: NotFoundType,
  Forbidden: ForbiddenType,
  IllegalTransition: IllegalTransitionType,
  StaleVersion: StaleVersionType,
  BudgetExceeded: BudgetExceededType,
  QuotaExceeded: QuotaExceededType,
  IdempotencyConflict: IdempotencyConflictType,
} as const;

export type ErrorName = keyof typeof ERROR_TYPES;
