import { SignJWT } from 'jose';
import { globalId } from '../../src/graphql/ids.ts';
import { newId } from '../../src/lib/ids.ts';
import { openPostgres } from '../../src/platform/database.ts';
import { wsClient } from '../support/clients.ts';
import { writeOrganisation } from '../support/people.ts';
import type { ServerProcess } from '../support/processes.ts';
import { type Answer, subjectOf, TEST_SECRET } from '../support/server.ts';

/** What a server of these tests is started with, beside its database. */
export const ENVIRONMENT = {
  NODE_ENV: 'test',
  LOG_LEVEL: 'info',
  AUTH_JWT_SECRET: TEST_SECRET,
  SEED_DEMO: 'false',
  LIVE_HEARTBEAT_SECONDS: '1',
};

export function token(caller: string): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(subjectOf(caller))
    .setIssuer('switchyard')
    .setAudience('switchyard')
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(TEST_SECRET));
}

export async function gql(
  server: Pick<ServerProcess, 'url'>,
  caller: string,
  query: string,
  variables: object = {},
): Promise<Answer> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await token(caller)}` },
    body: JSON.stringify({ query, variables }),
  });
  return { ...JSON.parse(await response.text()), status: response.status, headers: response.headers };
}

export async function health(server: Pick<ServerProcess, 'url'>): Promise<{ status: number; text: string }> {
  const response = await fetch(`${server.url}/health/ready`);
  return { status: response.status, text: await response.text() };
}

export function socketOf(server: Pick<ServerProcess, 'url'>, caller: string) {
  return wsClient({ url: server.url, token }, caller);
}

/** Everything that can be heard, told apart by what it is about. */
export const FEED = `subscription($after: Cursor) {
  liveEvents(after: $after, where: { kind: { eq: ACCESS_REQUESTED } }) {
    __typename
    ... on LiveEvent { kind cursor subject { id } }
    ... on Heartbeat { cursor }
  }
}`;

/** Customers of which each lets one event be caused: a request to read its file. Writes the organisation too. */
export async function prepare(databaseUrl: string, customers: number): Promise<string[]> {
  const database = openPostgres(databaseUrl, 2, () => {});
  try {
    await writeOrganisation({ database });
    const ids = Array.from({ length: customers }, () => newId());
    const now = new Date();
    await database.transaction(({ prisma }) =>
      prisma.customer.createMany({
        data: ids.map((id) => ({
          id,
          number: id,
          name: '远大贸易有限公司',
          lifecycle: 'ACTIVE',
          grade: 'B',
          createdAt: now,
          updatedAt: now,
        })),
      }),
    );
    return ids.map((id) => globalId('Customer', id));
  } finally {
    await database.close();
  }
}

const REQUEST = `mutation($input: CustomerAccessRequestInput!) {
  customerAccessRequest(input: $input) { __typename ... on Error { code message } }
}`;

/** Causes the event of one of the prepared customers. */
export function requestAccess(server: Pick<ServerProcess, 'url'>, customerId: string): Promise<Answer> {
  return gql(server, 'OPERATIONS', REQUEST, { input: { customerId, reason: '联合投标' } });
}

export function succeeded({ data }: Answer): boolean {
  return data?.customerAccessRequest?.__typename === 'CustomerAccessRequestSuccess';
}
