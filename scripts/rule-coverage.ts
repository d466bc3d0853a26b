// Which rules of the rulebook a test run has proved. Pure: texts in, figures out; scripts/rules.ts reads and prints.

export interface RulebookSection {
  /** Number of the heading, such as "6". */
  readonly id: string;
  readonly title: string;
  readonly rules: readonly string[];
}

/** As vitest writes it: the part that is read here. */
export interface TestReport {
  readonly startTime: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

export interface SectionCoverage {
  readonly id: string;
  readonly title: string;
  readonly total: number;
  readonly proved: readonly string[];
  readonly missing: readonly string[];
}

export interface Coverage {
  readonly sections: readonly SectionCoverage[];
  readonly total: number;
  readonly proved: number;
  /** Rules that a test names and at least one such test failed. */
  readonly failing: readonly string[];
  /** Ids in titles that the rulebook does not have, with the test that names them. */
  readonly unknown: readonly { readonly id: string; readonly test: string }[];
  /** Test files that could not be loaded: what they prove is not known. */
  readonly unread: readonly string[];
}

const HEADING = /^## (\d+)\. (.+)$/;
const RULE_ROW = /^\| ([A-Z]{2,4}-\d+) \|/;
/** How the rulebook says, in a row's last cell, that nothing is to be built. */
const NOTHING_TO_BUILD = /^(No function|No replacement needed|Unknown; not invented)/;

/** The sections that have rules, each with the ids of those that ask for something. */
export function readRulebook(text: string): RulebookSection[] {
  const sections: { id: string; title: string; rules: string[] }[] = [];
  for (const line of text.split('\n')) {
    const heading = HEADING.exec(line);
    if (heading) sections.push({ id: heading[1] ?? '', title: heading[2] ?? '', rules: [] });
    const id = RULE_ROW.exec(line)?.[1];
    if (id && !NOTHING_TO_BUILD.test(lastCell(line))) sections.at(-1)?.rules.push(id);
  }
  return sections.filter((section) => section.rules.length > 0);
}

/** Every id of the rulebook, with those that ask for nothing. */
export function allRuleIds(text: string): Set<string> {
  return new Set(text.split('\n').flatMap((line) => RULE_ROW.exec(line)?.[1] ?? []));
}

function lastCell(row: string): string {
  return (
    row
      .replace(/\s*\|\s*$/, '')
      .split(' | ')
      .at(-1) ?? ''
  );
}

/**
 * The ids in a title: `[TIC-18] [KEY-26]`, `[TIC-18, KEY-26]`, and ranges `[KPI-13..15]`, `[KPI-13..KPI-15]`. Brackets
 * that hold something else say nothing.
 */
export function idsInTitle(title: string): string[] {
  return [...title.matchAll(/\[([^[\]]+)\]/g)]
    .map((match) => (match[1] ?? '').trim())
    .filter((inside) => /^[A-Z]{2,4}-\d/.test(inside))
    .flatMap((inside) => inside.split(/[\s,;]+/).flatMap(idsOfPart));
}

function idsOfPart(part: string): string[] {
  const range = /^([A-Z]{2,4})-(\d+)(?:\.\.|…|–)(?:([A-Z]{2,4})-)?(\d+)$/.exec(part);
  if (!range) return [part];
  const [, letters = '', first = '', otherLetters = letters, last = ''] = range;
  // A range that runs backwards or from one kind to another is left as it is written: no rule has such an id.
  if (otherLetters !== letters || Number(last) < Number(first) || Number(last) - Number(first) > 999)
    return [part];
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => {
    return `${letters}-${String(Number(first) + index).padStart(first.length, '0')}`;
  });
}

/** A rule is proved when a test that names it passed and none that names it failed. */
export function coverage(rulebook: string, report: TestReport): Coverage {
  const known = allRuleIds(rulebook);
  const passed = new Set<string>();
  const failed = new Set<string>();
  const unknown = new Map<string, { id: string; test: string }>();
  for (const { assertionResults } of report.testResults) {
    for (const { ancestorTitles, title, status } of assertionResults) {
      const test = [...ancestorTitles, title].join(' > ');
      for (const id of idsInTitle(test)) {
        if (!known.has(id)) unknown.set(`${id} ${test}`, { id, test });
        else if (status === 'passed') passed.add(id);
        else if (status === 'failed') failed.add(id);
      }
    }
  }
  const sections = readRulebook(rulebook).map(({ id, title, rules }) => {
    const proved = rules.filter((rule) => passed.has(rule) && !failed.has(rule));
    return {
      id,
      title,
      total: rules.length,
      proved,
      missing: rules.filter((rule) => !proved.includes(rule)),
    };
  });
  return {
    sections,
    total: sections.reduce((sum, section) => sum + section.total, 0),
    proved: sections.reduce((sum, section) => sum + section.proved.length, 0),
    failing: [...failed].sort(),
    unknown: [...unknown.values()],
    unread: report.testResults
      .filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
      .map((file) => file.name),
  };
}
