import { type Text, text } from './text.ts';

/** One thing wrong with an input: where, and what is accepted. */
export interface Issue {
  readonly path: readonly string[];
  readonly message: Text;
}

/**
 * An expected failure of a command. It travels to the client as a typed result with a stable code and undoes
 * everything the command has written.
 */
export abstract class DomainError extends Error {
  abstract readonly code: string;
  readonly text: Text;
  readonly path: readonly string[] | null;

  constructor(message: Text, path: readonly string[] | null = null) {
    super(message.en);
    this.name = new.target.name;
    this.text = message;
    this.path = path;
  }
}

export class InvalidInput extends DomainError {
  readonly code = 'INVALID_INPUT';
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    super(
      text(
        issues.map((issue) => `${issue.path.join('.')}: ${issue.message.en}`).join('; '),
        issues.map((issue) => `${issue.path.join('.')}：${issue.message.zh}`).join('；'),
      ),
      issues[0]?.path ?? null,
    );
    this.issues = issues;
  }
}

export class NotFound extends DomainError {
  readonly code = 'NOT_FOUND';

  constructor(path: readonly string[], what: Text) {
    super(
      text(`There is no such ${what.en}, or you may not see it.`, `没有该${what.zh}，或您无权查看。`),
      path,
    );
  }
}

export class Forbidden extends DomainError {
  readonly code = 'FORBIDDEN';
  /** What would allow it: roles or scopes, in words a client can show. */
  readonly required: readonly string[];

  constructor(required: readonly string[], message?: Text) {
    super(message ?? text(`This needs ${required.join(' or ')}.`, `此操作需要 ${required.join(' 或 ')}。`));
    this.required = required;
  }
}

export class IllegalTransition extends DomainError {
  readonly code = 'ILLEGAL_TRANSITION';
  readonly from: string;
  readonly to: string;
  readonly allowed: readonly string[];

  constructor(from: string, to: string, allowed: readonly string[]) {
    super(
      text(
        `${to} is not possible in state ${from}; possible: ${allowed.join(', ') || 'nothing'}.`,
        `状态 ${from} 下不能执行 ${to}；可执行：${allowed.join('、') || '无'}。`,
      ),
    );
    this.from = from;
    this.to = to;
    this.allowed = allowed;
  }
}

export class StaleVersion extends DomainError {
  readonly code = 'STALE_VERSION';
  readonly current: number;

  constructor(current: number) {
    super(
      text(
        `Somebody changed this meanwhile; its version is now ${current}. Read it again.`,
        `该记录已被他人修改，当前版本为 ${current}，请重新读取。`,
      ),
      ['expectedVersion'],
    );
    this.current = current;
  }
}

export class BudgetExceeded extends DomainError {
  readonly code = 'BUDGET_EXCEEDED';
  readonly available: string;
  readonly requested: string;

  constructor(available: string, requested: string) {
    super(text(`${requested} is asked for, ${available} is left.`, `申请 ${requested}，仅余 ${available}。`));
    this.available = available;
    this.requested = requested;
  }
}

export class QuotaExceeded extends DomainError {
  readonly code = 'QUOTA_EXCEEDED';
  /** Seconds after which it may be tried again. */
  readonly retryAfter: number;

  constructor(retryAfter: number, message: Text) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

export class IdempotencyConflict extends DomainError {
  readonly code = 'IDEMPOTENCY_CONFLICT';

  constructor() {
    super(
      text(
        'This idempotency key was used with another input. Use a new key for a new request.',
        '该幂等键已用于其他输入，新的请求请使用新的键。',
      ),
      ['idempotencyKey'],
    );
  }
}

/** Collects everything that is wrong with an input, so that a client hears it all at once. */
export class Issues {
  readonly #issues: Issue[] = [];

  /** Notes an issue at `path` (dots part the steps) unless the condition holds. */
  expect(condition: boolean, path: string, message: Text): void {
    if (!condition) this.#issues.push({ path: path.split('.'), message });
  }

  throwIfAny(): void {
    if (this.#issues.length > 0) throw new InvalidInput(this.#issues);
  }
}

export function invalid(path: string, message: Text): InvalidInput {
  return new InvalidInput([{ path: path.split('.'), message }]);
}
