import { all, type Sql, sql } from './sql.ts';

/** Characters of a gram (search_grams). */
const GRAM = 3;

/**
 * True where a text holds another, whatever their case, width and white space. With `grams` an index over
 * search_grams(column) finds the rows; of a word longer than a gram a text can hold every gram without the word, so that a
 * comparison decides. Empty text is in every text, and has no gram.
 */
export function contains(column: Sql, value: string, grams: boolean): Sql {
  const holds = sql`position(search_text(${value}::text) in search_text(${column})) > 0`;
  if (!grams || value === '') return holds;
  const found = sql`search_grams(${column}) @@ search_query(${value}::text)`;
  return [...value.normalize('NFKC')].length <= GRAM ? found : all([found, holds]);
}

/** How many rows hold a word differs from word to word: a plan that was made for any word is wrong for most. */
export function plannedByValue(statement: string): boolean {
  return statement.includes('search_query(');
}
