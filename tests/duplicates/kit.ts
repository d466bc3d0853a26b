import { sql } from '../../src/platform/sql.ts';
import { type Caller, MONDAY_9, type TestServer } from '../support/server.ts';
import { mutate } from '../support/mutate.ts';

let names = 0;

/** A Chinese company name that no other customer of the tests has a part in common with. */
export function uniqueName(): string {
  names += 1;
  const hans = (value: number) => String.fromCodePoint(0x4e00 + (value % 20_000));
  return [names * 7, names * 131 + 17, names * 977 + 5, names * 3_571 + 3].map(hans).join('');
}

/** A mobile number that no other customer of the tests has. */
export function uniquePhone(): string {
  names += 1;
  return `139${String(10_000_000 + names)}`;
}

/** Has the sweep look for duplicates now, wherever another test has left it. */
export async function seekNow(server: TestServer): Promise<void> {
  server.clock.set(MONDAY_9);
  await server.services.database.query(sql`
    update obligation set next_at = ${server.clock.now()}::timestamptz where kind = 'DUPLICATE_SEARCH' returning 1 as written`);
  await server.sweep();
}

export function merge(server: TestServer, input: object, caller: Caller = 'HEAD') {
  return mutate(
    server,
    caller,
    'customerMerge',
    { survivorVersion: 1, duplicateVersion: 1, reason: '同一家公司', ...input },
    'customer { id name version grade file { number phone businessNeeds lifecycle merges { id number name moved taken reason formerCustomerId } } }',
  );
}
