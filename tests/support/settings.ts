import { newId } from '../../src/lib/ids.ts';
import { sql } from '../../src/platform/sql.ts';
import { people } from './people.ts';
import type { TestServer } from './server.ts';

/** Sets a policy number from now on, as if ADMIN had proposed it and HEAD approved it; the server knows it at once. */
export async function setSetting(server: TestServer, key: string, value: unknown): Promise<void> {
  const now = server.clock.now();
  await server.services.database.query(sql`
    insert into setting (id, key, value, valid_from, proposed_by_id, proposed_at, reason, approved_by_id, approved_at)
    values (${newId()}::uuid, ${key}, ${JSON.stringify(value)}::jsonb, ${now}::timestamptz, ${people.ADMIN.id}::uuid,
            ${now}::timestamptz, 'of a test', ${people.HEAD.id}::uuid, ${now}::timestamptz)`);
  await server.settled();
}
