import { describe, expect, it } from 'vitest';
import { coverage, idsInTitle, readRulebook, type TestReport } from '../../scripts/rule-coverage.ts';

const RULEBOOK = `# Rulebook

## 0. How to read this document

| Topic | Convention |
|---|---|
| Rule ids | Stable. Tests name the rule id they prove. |

## 2. Organisation (ORG)

| id | rule | source | what the system must do |
|---|---|---|---|
| ORG-01 | Rules bind all. | a.txt §1 | Store Department; see ORG-24. |
| ORG-24 | Fit the environment. | b.txt | No function; grouped as principles. |

## 10. KPIs and analytics (KPI)

### 10.1 General KPI rules

| id | rule | source | what the system must do |
|---|---|---|---|
| KPM-01 | Watched. | c.txt | KpiValue per period. |

### 10.2 Metric catalogue

| id | metric (source term) | formula | period | by / answers | source data | source |
|---|---|---|---|---|---|---|
| KPI-08 | Volume | a ÷ b | M | — | Shipment | DEFAULT |
| KPI-09 | Weight | a ÷ b | M | — | Shipment | DEFAULT |
| KPI-10 | Rate | a ÷ b | M | — | Shipment | DEFAULT |

## 22. Text missing from the sources and what replaces it

| id | missing | source | replacement (all DEFAULT) |
|---|---|---|---|
| GAP-07 | Articles 3–5 | c.txt | No replacement needed; numbering kept |
| GAP-08 | Further chapters | d.txt | ORG-01 |
`;

type Status = 'passed' | 'failed' | 'skipped';

function report(...tests: readonly [title: string, status: Status][]): TestReport {
  return reportOf(
    tests.map(([title, status]) => ({ ancestorTitles: ['the desk'], title, status })),
    'passed',
  );
}

function reportOf(assertionResults: TestReport['testResults'][number]['assertionResults'], status: string) {
  return { startTime: 0, testResults: [{ name: 'tests/desk.test.ts', status, assertionResults }] };
}

describe('the rulebook', () => {
  it('gives the ids of each section, without those that ask for nothing', () => {
    expect(readRulebook(RULEBOOK)).toEqual([
      { id: '2', title: 'Organisation (ORG)', rules: ['ORG-01'] },
      { id: '10', title: 'KPIs and analytics (KPI)', rules: ['KPM-01', 'KPI-08', 'KPI-09', 'KPI-10'] },
      { id: '22', title: 'Text missing from the sources and what replaces it', rules: ['GAP-08'] },
    ]);
  });
});

// The titles stand in the cases, not in the names of tests: those would count.
describe('a title', () => {
  const cases: Record<string, readonly [title: string, ids: readonly string[]]> = {
    'without brackets': ['speaks of TIC-20', []],
    'with one id': ['[TIC-20] a complaint is answered', ['TIC-20']],
    'with two': ['[TIC-18] [KEY-26] at night', ['TIC-18', 'KEY-26']],
    'with a list': ['[TIC-18, KEY-26] at night', ['TIC-18', 'KEY-26']],
    'with a range': ['[KPI-08..10] rates', ['KPI-08', 'KPI-09', 'KPI-10']],
    'with a range in full': ['[KPI-08..KPI-10] rates', ['KPI-08', 'KPI-09', 'KPI-10']],
    'with a range that runs backwards': ['[KPI-10..08] rates', ['KPI-10..08']],
    'with a range over two kinds': ['[KPI-08..KPM-10] rates', ['KPI-08..KPM-10']],
    'with a typing error': ['[TIC-20b] rates', ['TIC-20b']],
    'with other brackets': ['orders [1, 2] and [A] and []', []],
  };

  it.each(Object.keys(cases))('%s', (name) => {
    const [title, ids] = cases[name] ?? ['', []];
    expect(idsInTitle(title)).toEqual(ids);
  });
});

describe('a run', () => {
  function proved(...tests: readonly [title: string, status: Status][]): string[] {
    return coverage(RULEBOOK, report(...tests)).sections.flatMap((section) => section.proved);
  }

  it('proves what a passing test names, by any of its titles', () => {
    expect(proved(['[ORG-01] binds', 'passed'])).toEqual(['ORG-01']);
    const inGroup = reportOf(
      [{ ancestorTitles: ['[KPI-08..09] sums'], title: 'by month', status: 'passed' }],
      'passed',
    );
    expect(coverage(RULEBOOK, inGroup).sections[1]).toEqual({
      id: '10',
      title: 'KPIs and analytics (KPI)',
      total: 4,
      proved: ['KPI-08', 'KPI-09'],
      missing: ['KPM-01', 'KPI-10'],
    });
  });

  it('does not prove what a failing or skipped test names', () => {
    expect(proved(['[ORG-01] binds', 'passed'], ['[ORG-01] binds all', 'failed'])).toEqual([]);
    expect(proved(['[ORG-01] binds', 'skipped'])).toEqual([]);
    expect(proved(['[ORG-01] binds', 'skipped'], ['[ORG-01] binds all', 'passed'])).toEqual(['ORG-01']);
    expect(coverage(RULEBOOK, report(['[ORG-01] binds', 'failed'])).failing).toEqual(['ORG-01']);
  });

  it('counts over all sections, and no rule that asks for nothing', () => {
    const { proved, total, unknown } = coverage(
      RULEBOOK,
      report(['[ORG-01] [ORG-24]', 'passed'], ['[GAP-08]', 'passed']),
    );
    expect([proved, total, unknown]).toEqual([2, 6, []]);
  });

  it('tells of ids that the rulebook does not have', () => {
    const { unknown } = coverage(
      RULEBOOK,
      report(['[ORG-99] typed wrongly', 'passed'], ['[KPI-10..12]', 'failed']),
    );
    expect(unknown).toEqual([
      { id: 'ORG-99', test: 'the desk > [ORG-99] typed wrongly' },
      { id: 'KPI-11', test: 'the desk > [KPI-10..12]' },
      { id: 'KPI-12', test: 'the desk > [KPI-10..12]' },
    ]);
  });

  it('tells of files that could not be loaded', () => {
    expect(coverage(RULEBOOK, reportOf([], 'failed')).unread).toEqual(['tests/desk.test.ts']);
  });
});
