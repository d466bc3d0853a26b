import type { Bus } from './bus.ts';
import type { Database } from './database.ts';
import { beginEpoch, readHead } from './feed.ts';
import type { Log } from './log.ts';
import { sql } from './sql.ts';

/**
 * Begins a new epoch of the stream where the database is not the one that the present epoch began in, or knows less than
 * it has told already, so that cursors of another life are reset instead of mistaken. Two witnesses: where the database
 * is (its identity, kept beside the epoch), and how far the stream had come as Redis remembers it. Docs/operations.md
 * says what neither of them sees.
 */
export async function checkStream(database: Database, bus: Bus, log: Log): Promise<void> {
  const identity = await database.identity();
  // The first start notes where it is. Of several processes one renews, the others find it done.
  const [moved] = await database.query<{ epoch: string; renewed: boolean }>(sql`
    with was as (select id, epoch, identity from event_head where id = 1 for update)
    update event_head h
    set identity = ${identity},
        epoch = case when was.identity is null then h.epoch else substr(md5(gen_random_uuid()::text), 1, 8) end
    from was
    where h.id = was.id and was.identity is distinct from ${identity}
    returning h.epoch, was.identity is not null as renewed`);
  if (moved?.renewed) {
    log.warn({ epoch: moved.epoch }, 'the database is a copy or was restored: the stream has a new epoch');
    return;
  }
  await checkNotes(database, bus, log);
}

/** What was noted is asked for first: a head that is read later is never behind it, unless the database has gone back. */
export async function checkNotes(database: Database, bus: Bus, log: Log): Promise<void> {
  const { epoch } = await readHead(database);
  const noted = await bus.noted(epoch).catch((error: unknown) => {
    log.debug({ err: error }, 'redis: the head of the stream is not known');
    return null;
  });
  if (noted === null) return;
  const head = await readHead(database);
  if (head.epoch !== epoch || head.seq >= noted) return;
  await beginEpoch(database, epoch);
  log.warn({ seq: head.seq, noted }, 'the database knows less than it has told: the stream has a new epoch');
}
