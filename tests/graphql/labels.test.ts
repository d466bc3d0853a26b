import { expect, test } from 'vitest';
import { startTestServer } from '../support/server.ts';

const server = await startTestServer();

test.each([
  ['en', 'Not satisfied', 'Complaint'],
  ['zh-CN', '不满意', '投诉'],
])('codes are called by their labels in %s, and stay the same', async (language, notSatisfied, complaint) => {
  const { data } = await server.gql(
    'CS_AGENT',
    '{ enumLabels(names: ["FollowUpResult", "TicketCategory"]) { name values { code label } } }',
    {},
    { headers: { 'accept-language': language } },
  );
  expect(data.enumLabels.map(({ name }: { name: string }) => name)).toEqual([
    'FollowUpResult',
    'TicketCategory',
  ]);
  expect(data.enumLabels[0].values).toContainEqual({ code: 'NOT_SATISFIED', label: notSatisfied });
  expect(data.enumLabels[1].values).toContainEqual({ code: 'COMPLAINT', label: complaint });
});
