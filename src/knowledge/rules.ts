/** The most characters of a question and of an answer. */
export const QUESTION_MOST = 500;
export const ANSWER_MOST = 20_000;

/** What stands where something that names a customer stood. */
const LEFT_OUT = '[…]';

/** A text without what names the customer, whatever its case; longer names first, since they may hold shorter ones. */
export function withoutNames(text: string, names: readonly string[]): string {
  return names
    .map((name) => name.trim())
    .filter((name) => name.length > 1)
    .sort((one, other) => other.length - one.length)
    .reduce((left, name) => left.replaceAll(new RegExp(escaped(name), 'giu'), LEFT_OUT), text);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** Chinese where most of its letters are. */
export function languageOf(text: string): 'ZH' | 'EN' {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0;
  // A Chinese character says about as much as three letters.
  return han * 3 >= latin ? 'ZH' : 'EN';
}

/** The most months of a report. */
export const MONTHS_MOST = 24;

/** No report goes further back: nobody was asked anything. */
export const MONTHS_SINCE = '2000-01';

/** How many months two of them and those between are, below 1 where they are turned round; months as 2026-11. */
export function monthsBetween(from: string, until: string): number {
  const [first, last] = [from, until].map((month) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5)));
  return (last ?? 0) - (first ?? 0) + 1;
}
