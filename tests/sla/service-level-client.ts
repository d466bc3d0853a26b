import { mutate } from '../support/mutate.ts';
import type { TestServer } from '../support/server.ts';

// Changes of service levels as they are made: ADMIN proposes, HEAD approves.

export const CALENDAR = `calendar {
  id code version state isInForce validFrom validTo name timeZone alwaysOpen weekly { weekday windows } holidays
  extraWorkdays { day windows } reason proposedBy { number } decidedBy { number } decisionReason
  viewerCan { action allowed reason }
}`;
export const POLICY = `policy {
  id code version state isInForce validFrom validTo category severity calendar { code version } acknowledge firstResponse
  decision progress resolution pauseWhileWaiting gradeFactors { grade factor } levelFactors { level factor }
}`;
export const RECOMPUTE =
  'recompute { id cause changed state validFrom total done moved startedAt finishedAt }';

/** The version that was approved last; null for a code that does not exist. */
export async function newestVersion(
  server: TestServer,
  list: 'businessCalendars' | 'slaPolicies',
  code: string,
): Promise<number | null> {
  const { data } = await server.gql(
    'HEAD',
    `query ($code: String!) { list: ${list}(where: { code: { eq: $code }, approvedAt: { isNull: false } },
      orderBy: [{ field: approvedAt, direction: DESC }], first: 1) { edges { node { version } } } }`,
    { code },
  );
  return data.list.edges[0]?.node.version ?? null;
}

export async function changeCalendar(server: TestServer, code: string, change: object) {
  const proposed = await mutate(
    server,
    'ADMIN',
    'businessCalendarPropose',
    {
      code,
      reason: 'The year was planned.',
      expectedVersion: await newestVersion(server, 'businessCalendars', code),
      ...change,
    },
    CALENDAR,
  );
  if (!proposed.calendar) throw new Error(JSON.stringify(proposed));
  const decided = await mutate(
    server,
    'HEAD',
    'businessCalendarDecide',
    { calendarId: proposed.calendar.id, approve: true, reason: 'So it is.' },
    `${CALENDAR} ${RECOMPUTE}`,
  );
  if (!decided.calendar) throw new Error(JSON.stringify(decided));
  return decided;
}

export async function changePolicy(server: TestServer, code: string, change: object) {
  const proposed = await mutate(
    server,
    'ADMIN',
    'slaPolicyPropose',
    {
      code,
      reason: 'Customers asked for it.',
      expectedVersion: await newestVersion(server, 'slaPolicies', code),
      ...change,
    },
    POLICY,
  );
  if (!proposed.policy) throw new Error(JSON.stringify(proposed));
  const decided = await mutate(
    server,
    'HEAD',
    'slaPolicyDecide',
    { policyId: proposed.policy.id, approve: true, reason: 'So it is.' },
    `${POLICY} ${RECOMPUTE}`,
  );
  if (!decided.policy) throw new Error(JSON.stringify(decided));
  return decided;
}
