import { afterAll, beforeAll, expect, it } from 'vitest';
import { sql } from '../../src/platform/sql.ts';
import { globalId } from '../../src/graphql/ids.ts';
import { fileOf, importInto } from '../import/kit.ts';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { merge } from './kit.ts';

let database: FreshDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer({ database });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

async function customers() {
  return server.services.database.query<{
    id: string;
    externalId: string;
    number: string;
    contacts: number;
  }>(sql`
    select c.id, c.external_id as "externalId", c.number,
           (select count(*)::int from contact p where p.customer_id = c.id) as contacts
    from customer c order by c.external_id`);
}

it('an import finds the survivor by what the duplicate was, and does not bring the duplicate back', async () => {
  const into = server.services.database;
  const file = fileOf('twice.csv', 'source,externalId,name\ncrm,1,北辰储运\ncrm,2,北辰储运有限公司\n');
  expect((await importInto(into, 'customers', file)).counts).toMatchObject({ created: 2 });
  const [first, second] = await customers();
  const { customer } = await merge(server, {
    survivorId: globalId('Customer', first?.id ?? ''),
    duplicateId: globalId('Customer', second?.id ?? ''),
  });
  expect(customer.id).toBe(globalId('Customer', first?.id ?? ''));

  const again = await importInto(into, 'customers', file);
  expect(again.told).toEqual([
    `3 externalId: a customer that was not merged into another; it is ${first?.number} here`,
  ]);
  const contacts = fileOf(
    'theirs.csv',
    `source,externalId,customerExternalId,customerNumber,name\ncrm,a,2,,张三\ncrm,b,,${second?.number},李四\n`,
  );
  expect((await importInto(into, 'contacts', contacts)).counts).toMatchObject({ created: 2 });
  expect(await customers()).toMatchObject([{ externalId: '1', contacts: 2 }]);
});
