import { nextDays } from '../../src/kpis/commands/rollup.ts';
import { describe, expect, it } from 'vitest';
import { NOT_COMPUTED } from '../../src/kpis/definitions/not-computed.ts';
import { KPIS } from '../../src/kpis/definitions/index.ts';
import { abnormality, historyOf } from '../../src/kpis/rules/anomalies.ts';
import {
  attainmentOf,
  checkTarget,
  countOf,
  defaultTolerance,
  isProvisional,
  type KnownDimension,
  mayRead,
  meanOf,
  readPeriod,
  shareOf,
} from '../../src/kpis/rules/figures.ts';
import type { Role } from '../../src/generated/prisma/enums.ts';
import { InvalidInput, Issues } from '../../src/lib/errors.ts';
import { parsePeriod } from '../../src/lib/periods.ts';
import { ROLES } from '../../src/organisation/rules/permissions.ts';
import { viewerOf, type Viewer } from '../../src/organisation/rules/viewer.ts';
import { areas, departments, people, teams } from '../support/people.ts';

const SHANGHAI = 'Asia/Shanghai';

describe('The days of a pass', () => {
  it('grow while passes are quick and shrink when one is slow, within bounds', () => {
    expect([nextDays(12, 200), nextDays(12, 2_000), nextDays(12, 9_000)]).toEqual([24, 12, 6]);
    expect([nextDays(96, 200), nextDays(4, 9_000)]).toEqual([96, 4]);
  });
});

describe('the registry of metrics', () => {
  it('has every metric of the catalogue once, and complaints as a count', () => {
    const expected = Array.from({ length: 89 }, (_, index) => `KPI_${String(index + 1).padStart(2, '0')}`);
    expect(KPIS.map(({ key }) => key)).toEqual([...expected, 'COMPLAINTS_RECEIVED']);
  });

  it('says of each what it means in both languages, how it is computed, from what, and who answers', () => {
    for (const kpi of KPIS) {
      expect(kpi.title.zh, kpi.key).toMatch(/\p{Script=Han}/u);
      for (const said of [kpi.title.en, kpi.formula, kpi.source, kpi.owner, kpi.computedBy])
        expect(said).not.toBe('');
      expect(kpi.dimensions, kpi.key).toContain('COMPANY');
    }
  });

  it('computes these metrics of the catalogue; a metric is never listed as computed and not', () => {
    const missing = new Set(NOT_COMPUTED.map(({ key }) => key));
    const computed = KPIS.filter(({ measure }) => measure !== null).map(({ key }) => key);
    expect(computed).toEqual([
      'KPI_01',
      'KPI_03',
      'KPI_06',
      'KPI_07',
      'KPI_10',
      'KPI_11',
      'KPI_12',
      'KPI_13',
      'KPI_14',
      'KPI_15',
      'KPI_19',
      'KPI_32',
      'KPI_33',
      'KPI_34',
      'KPI_36',
      'KPI_37',
      'KPI_38',
      'KPI_39',
      'KPI_40',
      'KPI_44',
      'KPI_45',
      'KPI_55',
      'KPI_58',
      'KPI_64',
      'KPI_65',
      'KPI_66',
      'KPI_67',
      'KPI_69',
      'KPI_70',
      'KPI_71',
      'KPI_73',
      'KPI_74',
      'KPI_75',
      'KPI_76',
      'COMPLAINTS_RECEIVED',
    ]);
    expect(computed.filter((key) => missing.has(key))).toEqual([]);
  });
});

describe('a computed value', () => {
  it.each([
    [
      'a share',
      shareOf({ numerator: '2', denominator: '3' }),
      { value: '66.67', numerator: '2', denominator: '3' },
    ],
    [
      'all of them',
      shareOf({ numerator: '4', denominator: '4' }),
      { value: '100.00', numerator: '4', denominator: '4' },
    ],
    [
      'none of some',
      shareOf({ numerator: '0', denominator: '4' }),
      { value: '0.00', numerator: '0', denominator: '4' },
    ],
    [
      'none of none: null, never zero',
      shareOf({ numerator: '0', denominator: '0' }),
      { value: null, numerator: '0', denominator: '0' },
    ],
    [
      'a count',
      countOf({ numerator: '1', denominator: '7' }),
      { value: '7', numerator: '7', denominator: null },
    ],
    [
      'a count of none is zero',
      countOf({ numerator: '0', denominator: '0' }),
      { value: '0', numerator: '0', denominator: null },
    ],
    [
      'mean minutes',
      meanOf(60n)({ numerator: '250', denominator: '2' }),
      { value: '2.08', numerator: '4.17', denominator: '2' },
    ],
    [
      'mean of nothing',
      meanOf(60n)({ numerator: '0', denominator: '0' }),
      { value: null, numerator: '0.00', denominator: '0' },
    ],
  ])('%s', (_case, measured, expected) => {
    expect(measured).toEqual(expected);
  });
});

describe('an abnormal value (KPM-01)', () => {
  const policy = { deviations: 2, minimum: 6 };
  // Mean 10, sample standard deviation 2.
  const history = ['8', '8', '8', '10', '12', '12', '12'];

  it.each([
    ['at the upper edge', '14', history, null],
    ['beyond it', '14.000001', history, { mean: '10.00', lower: '6.00', upper: '14.00', periods: 7 }],
    ['at the lower edge', '6', history, null],
    ['beneath it', '5.99', history, { mean: '10.00', lower: '6.00', upper: '14.00', periods: 7 }],
    ['too few periods', '999', history.slice(0, 5), null],
    ['as few as are enough', '999', history.slice(1), expect.objectContaining({ periods: 6 })],
    ['the same for ever', '3', Array(12).fill('3'), null],
    [
      'once another',
      '3.01',
      Array(12).fill('3'),
      { mean: '3.00', lower: '3.00', upper: '3.00', periods: 12 },
    ],
    ['below zero', '-5', ['-1', '1', '-1', '1', '-1', '1'], expect.objectContaining({ mean: '0.00' })],
  ])('%s', (_case, value, before, expected) => {
    expect(abnormality(value, before, policy)).toEqual(expected);
  });

  it('is measured against what was counted, not against the time before anything was', () => {
    const count = (numerator: string) => ({ value: numerator, numerator, denominator: null });
    const growth = (value: string, start: string, end: string) => ({
      value,
      numerator: end,
      denominator: start,
    });
    const none = { value: null, numerator: '0', denominator: '0' };
    expect(historyOf([count('0'), count('0'), count('4'), count('0'), null, count('5')])).toEqual([
      '4',
      '0',
      '5',
    ]);
    expect(historyOf([growth('0', '0', '0'), growth('2', '0', '2'), growth('0', '2', '2')])).toEqual([
      '2',
      '0',
    ]);
    expect(historyOf([none, { value: '0.00', numerator: '0', denominator: '3' }, none])).toEqual(['0.00']);
    expect(historyOf([none, count('0')])).toEqual([]);
  });
});

describe('a value beside its target (KPM-02)', () => {
  it.each([
    ['better than asked', 'HIGHER_IS_BETTER', '97.01', 'REACHED'],
    ['just as asked', 'HIGHER_IS_BETTER', '97', 'REACHED'],
    ['a little worse', 'HIGHER_IS_BETTER', '96.99', 'TOLERATED'],
    ['at the edge of the tolerance', 'HIGHER_IS_BETTER', '95', 'TOLERATED'],
    ['beyond it', 'HIGHER_IS_BETTER', '94.99', 'MISSED'],
    ['fewer than asked', 'LOWER_IS_BETTER', '96', 'REACHED'],
    ['as many as asked', 'LOWER_IS_BETTER', '97.0', 'REACHED'],
    ['at the other edge', 'LOWER_IS_BETTER', '99', 'TOLERATED'],
    ['beyond the other edge', 'LOWER_IS_BETTER', '99.000001', 'MISSED'],
  ] as const)('%s', (_case, direction, value, expected) => {
    expect(attainmentOf(direction, value, { value: '97', tolerance: '2' })).toBe(expected);
  });

  it.each([
    ['95', 0.05, '4.750000'],
    ['-200', 0.05, '10.000000'],
    ['0', 0.05, '0.000000'],
    ['95', 0, '0.000000'],
  ])('of %s with a share of %d tolerates %s', (value, share, tolerance) => {
    expect(defaultTolerance(value, share)).toBe(tolerance);
  });

  it.each([
    ['a share', { unit: 'PERCENT', measure: {} }, { value: '97.5', tolerance: '2' }, []],
    ['all of it', { unit: 'PERCENT', measure: {} }, { value: '100', tolerance: null }, []],
    [
      'more than all of it',
      { unit: 'PERCENT', measure: {} },
      { value: '100.01', tolerance: null },
      ['value'],
    ],
    ['less than nothing', { unit: 'COUNT', measure: {} }, { value: '-1', tolerance: null }, ['value']],
    ['a rate that may fall', { unit: 'PERCENT', measure: null }, { value: '-3', tolerance: '0' }, []],
    [
      'seven places',
      { unit: 'COUNT', measure: {} },
      { value: '1.0000001', tolerance: '1.0000001' },
      ['value', 'tolerance'],
    ],
    [
      'a tolerance below zero',
      { unit: 'COUNT', measure: {} },
      { value: '1', tolerance: '-0.5' },
      ['tolerance'],
    ],
  ] as const)('%s', (_case, kpi, target, paths) => {
    const issues = new Issues();
    checkTarget(issues, kpi, target);
    expect(pathsOf(() => issues.throwIfAny())).toEqual(paths);
  });
});

describe('a period', () => {
  it.each([
    ['2026-11', '2026-10-31T16:00:00.000Z', '2026-11-30T16:00:00.000Z'],
    ['2026-Q4', '2026-09-30T16:00:00.000Z', '2026-12-31T16:00:00.000Z'],
    ['2026-W48', '2026-11-22T16:00:00.000Z', '2026-11-29T16:00:00.000Z'],
  ])('%s is cut in the business time zone', (key, start, end) => {
    const period = readPeriod(key, SHANGHAI, 'period.key');
    expect([period.start, period.end].map((instant) => new Date(instant).toISOString())).toEqual([
      start,
      end,
    ]);
  });

  it.each([
    '',
    '2026-13',
    '2026-02-30',
    '2026-W54',
    '11/2026',
    '1999',
    '2200-01',
    '0000',
    '2026-Q5',
    "'; drop",
  ])('%j is refused with the field and what is accepted', (key) => {
    const refused = () => readPeriod(key, SHANGHAI, 'period.key');
    expect(pathsOf(refused)).toEqual(['period.key']);
    expect(refused).toThrow(/accepted are a day 2026-11-23, .* a month 2026-11/);
  });

  const november = parsePeriod('2026-11', SHANGHAI);
  it.each([
    ['while it runs', false, '2026-11-30T15:59:59.999Z', true],
    ['at its end', false, '2026-11-30T16:00:00.000Z', false],
    ['at its end, but later events count', true, '2026-11-30T16:00:00.000Z', true],
    ['a moment before they are waited out', true, '2026-12-30T15:59:59.999Z', true],
    ['when they are waited out', true, '2026-12-30T16:00:00.000Z', false],
  ])('is provisional or not: %s', (_case, waits, now, provisional) => {
    expect(isProvisional(november, waits, 30, new Date(now))).toBe(provisional);
  });
});

describe('who reads what (section 23)', () => {
  const ALL_READERS: readonly Role[] = [
    'COMPANY_LEADER',
    'HEAD',
    'SALES_SUPERVISOR',
    'DATA_ANALYST',
    'FINANCE',
    'INTERNAL_AUDITOR',
  ];
  const OWN_READERS = ROLES.filter(
    (role) => !['HR', 'OPERATIONS', 'QUALITY', 'OTHER_DEPARTMENT', 'ADMIN'].includes(role),
  );
  const service = { service: true };
  const other = { service: false };

  const cases: [string, { service: boolean }, Partial<KnownDimension>, readonly Role[]][] = [
    ['the company', other, { kind: 'COMPANY' }, ALL_READERS],
    [
      'service of the company',
      service,
      { kind: 'COMPANY' },
      [...ALL_READERS, 'CS_SUPERVISOR', 'OPERATIONS', 'QUALITY'],
    ],
    [
      'their department',
      service,
      { kind: 'DEPARTMENT', id: departments.MARKETING.id },
      [...ALL_READERS, 'DEPUTY'],
    ],
    ['another department', service, { kind: 'DEPARTMENT', id: departments.QUALITY.id }, ALL_READERS],
    [
      'a team of their department',
      other,
      { kind: 'TEAM', id: teams.SALES.id, departmentId: departments.MARKETING.id },
      [...ALL_READERS, 'DEPUTY'],
    ],
    ['their area', other, { kind: 'AREA', id: areas.EAST.id }, [...ALL_READERS, 'DEPUTY']],
    ['another area', other, { kind: 'AREA', id: areas.SOUTH.id }, ALL_READERS],
    [
      'a customer of their area',
      other,
      { kind: 'CUSTOMER', id: 'c', areaId: areas.EAST.id },
      [...ALL_READERS, 'DEPUTY'],
    ],
    ['a customer without area', other, { kind: 'CUSTOMER', id: 'c' }, ALL_READERS],
    [
      'a key account',
      other,
      { kind: 'CUSTOMER', id: 'c', isKeyAccount: true },
      [...ALL_READERS, 'KA_SUPERVISOR'],
    ],
    ['a colleague', service, { kind: 'EMPLOYEE', id: 'somebody' }, ALL_READERS],
  ];

  it.each(cases)('%s', (_case, kpi, dimension, readers) => {
    const known = {
      id: null,
      exists: true,
      departmentId: null,
      areaId: null,
      isKeyAccount: false,
      ...dimension,
    } as KnownDimension;
    expect(ROLES.filter((role) => mayRead(viewer(role), kpi, known))).toEqual(
      ROLES.filter((role) => readers.includes(role)),
    );
  });

  it('themselves', () => {
    const readers = ROLES.filter((role) =>
      mayRead(viewer(role), other, {
        kind: 'EMPLOYEE',
        id: people[role].id,
        exists: true,
        departmentId: null,
        areaId: null,
        isKeyAccount: false,
      }),
    );
    expect(readers).toEqual(OWN_READERS);
  });

  it('nothing of what does not exist, whoever asks', () => {
    const nowhere = {
      kind: 'CUSTOMER',
      id: 'c',
      exists: false,
      departmentId: null,
      areaId: null,
      isKeyAccount: true,
    } as const;
    expect(ROLES.filter((role) => mayRead(viewer(role), service, nowhere))).toEqual([]);
  });
});

function viewer(role: Role): Viewer {
  const { id, departmentId, teamId } = people[role];
  const found = viewerOf(
    {
      id,
      departmentId,
      teamId,
      hiredOn: '2020-01-01',
      leftOn: null,
      areaIds: role === 'DEPUTY' ? [areas.EAST.id] : [],
      roles: [{ role, validFrom: new Date(0), validTo: null }],
    },
    new Date('2026-11-23T01:00:00Z'),
    '2026-11-23',
  );
  if (!found) throw new Error(`${role} is nobody.`);
  return found;
}

function pathsOf(refused: () => unknown): string[] {
  try {
    refused();
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.issues.map((issue) => issue.path.join('.'));
  }
}
