import { describe, expect, test } from 'vitest';
import { isReachable } from '../../src/platform/outbound.ts';
import { afterFailure, type Attempted, retryDelay, urlIssue } from '../../src/webhooks/rules.ts';

const NOW = new Date('2026-11-23T01:00:00Z');
const POLICY = {
  maxAttempts: 4,
  retrySeconds: 5,
  retryMaxSeconds: 60,
  circuitFailures: 3,
  circuitSeconds: 30,
};

test.each([
  [1, 0, 5_000],
  [1, 1, 2_500],
  [2, 0, 10_000],
  [4, 0.5, 30_000],
  [5, 0, 60_000],
  [50, 0, 60_000],
])('after attempt %i, by chance %f, the next is %i ms later', (attempt, chance, expected) => {
  expect(retryDelay(attempt, POLICY, chance)).toBe(expected);
});

describe('a failed attempt', () => {
  const closed: Attempted = { circuit: 'CLOSED', circuitSince: null, failures: 0, attempt: 1 };
  const since = new Date(NOW.getTime() - 60_000);
  const halfOpen: Attempted = { circuit: 'HALF_OPEN', circuitSince: since, failures: 3, attempt: 1 };
  function fail(facts: Partial<Attempted>, retryAfter: number | null = null, from = closed) {
    const after = afterFailure({ ...from, ...facts }, POLICY, NOW, 0, retryAfter);
    return { ...after, nextAt: after.nextAt.getTime() - NOW.getTime() };
  }

  test.each([
    [
      'the first of a message is tried again',
      {},
      null,
      { circuit: 'CLOSED', failures: 1, nextAt: 5_000, dead: false },
    ],
    ['the receiver asks for more time', {}, 20_000, { nextAt: 20_000 }],
    ['but gets no more than the longest wait', {}, 900_000, { nextAt: 60_000 }],
    [
      'the third in a row opens the circuit',
      { failures: 2, attempt: 3 },
      null,
      { circuit: 'OPEN', opened: true, nextAt: 30_000 },
    ],
    ['the last of a message makes it a dead letter', { attempt: 4 }, null, { dead: true, nextAt: 0 }],
    [
      'while the circuit is open the next message waits too',
      { failures: 3, attempt: 4 },
      null,
      { dead: true, circuit: 'OPEN', nextAt: 30_000 },
    ],
  ])('%s', (_what, facts, retryAfter, expected) => {
    expect(fail(facts, retryAfter)).toMatchObject(expected);
  });

  test('of the trial opens the circuit again, and tells nobody twice', () => {
    expect(fail({}, null, halfOpen)).toMatchObject({
      circuit: 'OPEN',
      circuitSince: since,
      opened: false,
      nextAt: 30_000,
    });
  });
});

test.each([
  ['https://hooks.example/in?token=1', false, true],
  ['http://hooks.example/in', false, false],
  ['http://hooks.example/in', true, true],
  ['ftp://hooks.example/in', true, false],
  ['https://user:password@hooks.example/', false, false],
  ['https://hooks.example/#part', false, false],
  ['hooks.example', false, false],
  [`https://hooks.example/${'x'.repeat(2_000)}`, false, false],
])('%s, http allowed: %s, is accepted: %s', (url, allowHttp, accepted) => {
  expect(urlIssue(url, allowHttp) === null).toBe(accepted);
});

describe('what may be reached', () => {
  test.each([
    '127.0.0.1',
    '127.255.0.1',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2001:0:1::1',
    '2001:db8::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    'hooks.example',
  ])('%s is not', (address) => {
    expect(isReachable(address, [])).toBe(false);
  });

  test.each(['8.8.8.8', '172.15.0.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '240e::1'])(
    '%s is',
    (address) => {
      expect(isReachable(address, [])).toBe(true);
    },
  );

  test('a network that is allowed is, and no other', () => {
    expect(isReachable('10.20.1.1', ['10.20.0.0/16'])).toBe(true);
    expect(isReachable('10.21.1.1', ['10.20.0.0/16'])).toBe(false);
    expect(isReachable('fd12::1', ['10.20.0.0/16', 'fd12::/16'])).toBe(true);
  });
});
