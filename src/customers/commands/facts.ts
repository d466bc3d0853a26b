import type { Issues } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';

/** The facts that an input names: one that is left out stays, one given as null is cleared. */
export function givenFacts<Facts extends object>(facts: Facts): Partial<Facts> {
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== undefined),
  ) as Partial<Facts>;
}

export function withoutNulls<Facts extends object>(
  facts: Facts,
): { [Key in keyof Facts]: NonNullable<Facts[Key]> } {
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== null && value !== undefined),
  ) as never;
}

/** Facts that can be changed and not cleared. */
export function expectNotCleared<Facts extends object>(
  issues: Issues,
  given: Facts,
  names: readonly (keyof Facts & string)[],
): void {
  for (const name of names) {
    issues.expect(
      given[name] !== null,
      name,
      text('a value; leave it out to keep what is there', '必须有值；不填则保持原值'),
    );
  }
}

const WORDS_MOST = 5_000;

/** Texts that must say something, each not too long to be read. */
export function expectWords(issues: Issues, words: Readonly<Record<string, string>>): void {
  for (const [path, value] of Object.entries(words)) {
    issues.expect(
      value.trim().length > 0 && value.length <= WORDS_MOST,
      path,
      text(`1 to ${WORDS_MOST} characters`, `1 到 ${WORDS_MOST} 字`),
    );
  }
}

/** What is written of a customer or a contact: lengths, and the form of an e-mail address. */
export function expectTexts(issues: Issues, facts: { readonly email?: string | null }): void {
  issues.expect(
    facts.email == null || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(facts.email),
    'email',
    text('an e-mail address such as name@example.com', '邮箱地址，如 name@example.com'),
  );
  for (const [name, value] of Object.entries(facts)) {
    if (typeof value === 'string')
      issues.expect(value.length <= 2_000, name, text('at most 2,000 characters', '最多 2000 字'));
  }
}
