import { describe, expect, test } from 'vitest';
import {
  giveOut,
  handlersOf,
  type RoutableTeam,
  type RoutingFacts,
  routeTicket,
  routingReason,
} from '../../src/tickets/rules/routing.ts';

function team(id: string, type: RoutableTeam['type'], facts: Partial<RoutableTeam> = {}): RoutableTeam {
  return { id, type, departmentId: 'marketing', areaIds: [], businessLine: null, ...facts };
}

const ORDINARY: RoutingFacts = {
  isKeyAccount: false,
  arisesDuringSale: false,
  areaId: null,
  businessLine: null,
  teamInCharge: null,
  departmentInCharge: null,
  openerTeam: null,
};

describe('the rule', () => {
  const teams = [team('s', 'SALES'), team('c', 'CUSTOMER_SERVICE'), team('k', 'KEY_ACCOUNT')];

  test.each([
    ['KEY_ACCOUNT', 'k', { isKeyAccount: true, arisesDuringSale: true }],
    ['KEY_ACCOUNT', 'k', { isKeyAccount: true }],
    ['SALE', 's', { arisesDuringSale: true }],
    ['SERVICE', 'c', {}],
  ] as const)('%s goes to %s', (rule, teamId, facts) => {
    expect(routeTicket({ ...ORDINARY, ...facts }, teams)).toEqual({ rule, teamId, choice: 'ONLY_TEAM' });
  });

  test('without a team of the kind there is no queue', () => {
    expect(routeTicket(ORDINARY, [team('s', 'SALES')])).toEqual({
      rule: 'SERVICE',
      teamId: null,
      choice: null,
    });
  });
});

describe('of several teams', () => {
  const CS = 'CUSTOMER_SERVICE';
  const all = team('1-all', CS);
  const east = team('2-east', CS, { areaIds: ['east'] });
  const south = team('3-south', CS, { areaIds: ['south', 'west'] });
  const leasing = team('4-leasing', CS, { businessLine: 'LEASING' });
  const other = team('5-other', CS, { departmentId: 'leasing' });

  test.each<[string, string, string, Partial<RoutingFacts>, RoutableTeam[]]>([
    [
      'the one of the person in charge, before its area',
      '3-south',
      'PERSON_IN_CHARGE',
      { teamInCharge: '3-south', areaId: 'east' },
      [all, east, south],
    ],
    ['the one that names the area', '2-east', 'AREA', { areaId: 'east' }, [all, east, south]],
    [
      'one that serves every area, where none names it',
      '1-all',
      'AREA',
      { areaId: 'north' },
      [all, east, south],
    ],
    ['one that serves every area, for a ticket of none', '1-all', 'AREA', {}, [south, east, all]],
    [
      'the oldest, where each serves another area',
      '2-east',
      'OLDEST_TEAM',
      { areaId: 'north' },
      [south, east],
    ],
    ['the one of the line', '4-leasing', 'BUSINESS_LINE', { businessLine: 'LEASING' }, [all, leasing]],
    [
      'the one of every line, for another line',
      '1-all',
      'BUSINESS_LINE',
      { businessLine: 'LOGISTICS' },
      [all, leasing],
    ],
    [
      'the area before the line',
      '2-east',
      'AREA',
      { areaId: 'east', businessLine: 'LEASING' },
      [all, east, leasing],
    ],
    [
      'the one of the department in charge',
      '5-other',
      'DEPARTMENT',
      { departmentInCharge: 'leasing' },
      [all, other],
    ],
    ['the one in which it was entered', '5-other', 'OPENER', { openerTeam: '5-other' }, [all, other]],
    [
      'the department before the opener',
      '1-all',
      'DEPARTMENT',
      { departmentInCharge: 'marketing', openerTeam: '5-other' },
      [all, other],
    ],
    ['the oldest, where nothing tells them apart', '1-all', 'OLDEST_TEAM', {}, [other, all]],
    [
      'not the team of a person in charge that is of another kind',
      '1-all',
      'OLDEST_TEAM',
      { teamInCharge: 's' },
      [other, all],
    ],
  ])('%s', (_name, teamId, choice, facts, teams) => {
    expect(routeTicket({ ...ORDINARY, ...facts }, teams)).toEqual({ rule: 'SERVICE', teamId, choice });
  });

  test('the reason is told in both languages', () => {
    expect(routingReason({ rule: 'SALE', choice: 'AREA', note: null })).toEqual({
      en: 'It arose during the sale (TIC-28): the team that serves the area.',
      zh: '销售过程中产生（TIC-28）：服务该区域的团队。',
    });
    expect(routingReason({ rule: 'TRANSFER', choice: null, note: 'They know him.' }).en).toBe(
      'Transferred: They know him.',
    );
  });
});

describe('giving out', () => {
  const byTurns = (tickets: string[], members: string[], last: string | null) => [
    ...giveOut(tickets, members, { assignment: 'ROUND_ROBIN', last }).values(),
  ];

  test('by turns goes on after whoever had the last one, also when that person is away', () => {
    expect(byTurns(['1', '2', '3'], ['b', 'a'], null)).toEqual(['a', 'b', 'a']);
    expect(byTurns(['1', '2'], ['a', 'b', 'c'], 'b')).toEqual(['c', 'a']);
    expect(byTurns(['1', '2'], ['a', 'c'], 'b')).toEqual(['c', 'a']);
    expect(byTurns(['1'], ['a', 'b'], 'b')).toEqual(['a']);
    expect(byTurns(['1'], [], 'b')).toEqual([]);
  });

  test('by load goes to whoever has the fewest, the first of several', () => {
    const open = new Map([
      ['a', 2],
      ['c', 1],
    ]);
    const given = giveOut(['1', '2', '3', '4', '5'], ['c', 'b', 'a'], { assignment: 'LOAD', open });
    expect([...given.values()]).toEqual(['b', 'b', 'c', 'a', 'b']);
  });

  test('teams without a queue have nobody to give to', () => {
    expect(handlersOf('DATA_ANALYSIS')).toEqual([]);
  });
});
