import type { CustomerGrade, KeyAccountLevel } from '../../generated/prisma/enums.ts';
import type { ContactChannel, ContactOutcome, TicketCategory } from '../../generated/prisma/enums.ts';
import { Forbidden, invalid, Issues } from '../../lib/errors.ts';
import { parsePeriod, type Period, previousPeriod } from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { type AdvanceObligations, type Obligation, putObligations } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { cadencePolicy, type CallsOfWeek, countCalls } from '../queries/contact-weeks.ts';
import {
  countsAsCall,
  expectContactFacts,
  judgeWeek,
  overdueAudience,
  requiredCalls,
  warnAt,
  weekOf,
  weeksSince,
} from '../rules/contact-cadence.ts';
import { refreshCadenceOf } from '../../visits/commands/cadence.ts';
import { problemTicket } from '../../visits/commands/problems.ts';
import { expectProblem } from '../../visits/rules/problems.ts';
import { lockCustomer } from './locks.ts';

/** One call minimum of one key account in one week; the period is the week's key. */
export const KEY_ACCOUNT_CONTACT = 'KEY_ACCOUNT_CONTACT';

/** How the problem that a contact has found came in. */
const TICKET_CHANNELS = {
  PHONE: 'PHONE',
  ON_SITE: 'ON_SITE',
  EMAIL: 'EMAIL',
  MESSAGE: 'OTHER',
} as const satisfies Record<ContactChannel, string>;

export interface ContactLogRecordInput {
  readonly customerId: string;
  readonly contactId?: string | null;
  readonly channel: ContactChannel;
  readonly outcome: ContactOutcome;
  readonly at?: Date | null;
  readonly content?: string | null;
  readonly followUp?: boolean | null;
  readonly problem?: string | null;
  readonly problemCategory?: TicketCategory | null;
  readonly idempotencyKey?: string | null;
}

/** Records a contact with a customer; one that counts may meet the week it took place in (VIS-06, VIS-16). */
export async function contactLogRecord(
  tx: Command,
  viewer: Viewer,
  input: ContactLogRecordInput,
  { organisation, timeZone }: Pick<Reader, 'organisation' | 'timeZone'>,
): Promise<{ contactLogId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  if (!customer.recordsContacts) {
    throw new Forbidden(
      customer.grade === 'A' ? ['HEAD', 'a dedicated assignment'] : rolesWith('contactLog', 'write'),
    );
  }
  const issues = new Issues();
  expectContactFacts(issues, input, tx.now);
  expectProblem(issues, input, input.followUp === true && input.outcome === 'REACHED');
  issues.throwIfAny();
  const at = input.at ?? tx.now;
  const contactLogId = await once(tx, 'contactLogRecord', input.idempotencyKey, input, async (id) => {
    await requireContactOf(tx, customer.id, input.contactId);
    const log = {
      customerId: customer.id,
      contactId: input.contactId ?? null,
      channel: input.channel,
      outcome: input.outcome,
      at,
      followUp: input.followUp ?? false,
    };
    const ticket = await problemTicket(
      tx,
      viewer,
      { ...input, contactField: 'contactId', channel: TICKET_CHANNELS[input.channel], at },
      { organisation, timeZone },
    );
    await tx.prisma.contactLog.create({
      data: {
        ...log,
        ...ticket,
        id,
        employeeId: viewer.employeeId,
        content: input.content?.trim() ?? '',
        createdAt: tx.now,
      },
    });
    // What was said is content of the file: it stands in the record alone.
    tx.audit({
      action: 'contactLogRecord',
      subjectType: 'ContactLog',
      subjectId: id,
      after: { ...log, ticketId: ticket?.ticketId },
    });
    if (!countsAsCall(input)) return;
    await judgeAgain(tx, customer.id, weekOf(at.getTime(), timeZone));
    await refreshCadenceOf(tx, timeZone, [customer.id]);
  });
  return { contactLogId };
}

async function requireContactOf(
  tx: Command,
  customerId: string,
  contactId: string | null | undefined,
): Promise<void> {
  if (contactId == null) return;
  const [found] = await tx.query<{ id: string }>(sql`
    select id from contact where id = ${contactId}::uuid and customer_id = ${customerId}::uuid`);
  if (!found) throw invalid('contactId', text('a contact of this customer', '该客户的联系人'));
}

/** What the judgement of an account's weeks depends on. */
interface AccountFacts {
  readonly id: string;
  readonly customerId: string;
  readonly level: KeyAccountLevel;
  readonly grade: CustomerGrade | null;
  readonly ownerId: string | null;
  readonly specialistId: string | null;
  readonly supervisorId: string | null;
  readonly endedAt: Date | null;
}

const ACCOUNT_FACTS = sql`
  select k.id, k.customer_id as "customerId", k.level, c.grade, c.owner_id as "ownerId",
         k.specialist_id as "specialistId", k.supervisor_id as "supervisorId", k.ended_at as "endedAt"
  from key_account k join customer c on c.id = k.customer_id`;

/** The obligation of an account's week, as `judgeWeek` finds it. */
function contactObligation(
  account: AccountFacts,
  week: Period,
  calls: CallsOfWeek & { readonly required: number },
  now: Date,
  dueSoon: number,
) {
  const verdict = judgeWeek(week, calls, now.getTime(), dueSoon);
  return {
    kind: KEY_ACCOUNT_CONTACT,
    subjectId: account.id,
    period: week.key,
    ownerId: account.ownerId ?? account.specialistId,
    startsAt: new Date(week.start),
    warnAt: new Date(warnAt(week, dueSoon)),
    dueAt: new Date(week.end),
    nextAt: verdict.nextAt === null ? null : new Date(verdict.nextAt),
    state: verdict.state,
    step: verdict.step,
    metAt: verdict.state === 'MET' ? calls.metAt : null,
    metBy: verdict.state === 'MET' ? calls.metBy : null,
    required: calls.required,
    done: calls.done,
  };
}

/** Opens a week of an account; the sweep opens those that follow. */
export async function openContactWeek(tx: Command, keyAccountId: string, week: Period): Promise<void> {
  const policy = cadencePolicy(tx.settings);
  const [account] = await tx.query<AccountFacts>(sql`${ACCOUNT_FACTS} where k.id = ${keyAccountId}::uuid`);
  if (!account) throw new Error(`The key account ${keyAccountId} has just been written and is not there.`);
  const required = requiredCalls(account.level, account.grade, policy);
  await putObligations(tx, [
    contactObligation(account, week, { required, done: 0, metBy: null, metAt: null }, tx.now, policy.dueSoon),
  ]);
}

/**
 * Judges a week once more after its facts changed: a call was recorded, perhaps late, or the level is another. A call
 * that was made in time and recorded after the week's end turns a missed week into a met one; the alert was sent.
 */
export async function judgeAgain(tx: Command, customerId: string, week: Period): Promise<void> {
  const policy = cadencePolicy(tx.settings);
  const [account] = await tx.query<AccountFacts>(
    sql`${ACCOUNT_FACTS} where k.customer_id = ${customerId}::uuid and k.ended_at is null`,
  );
  if (!account) return;
  const [open] = await tx.query<Pick<Obligation, 'nextAt'>>(sql`
    select next_at as "nextAt" from obligation
    where kind = ${KEY_ACCOUNT_CONTACT} and subject_id = ${account.id}::uuid and period = ${week.key} and state <> 'CANCELLED'
    for update`);
  if (!open) return;
  const required = requiredCalls(account.level, account.grade, policy);
  const [calls] = await countCalls(tx, [{ customerId, week, required }]);
  if (!calls) throw new Error('A count has no row.');
  const judged = contactObligation(account, week, { ...calls, required }, tx.now, policy.dueSoon);
  const over = tx.now.getTime() >= week.end;
  // The sweep alone declares a week missed, and it must still find this one to open the next.
  if (over && judged.state !== 'MET') return;
  await putObligations(tx, [
    { ...judged, nextAt: over && open.nextAt !== null ? judged.dueAt : judged.nextAt },
  ]);
}

/**
 * The sweep's part: says that calls are due soon, judges the weeks that are over and opens the next. After a long stop
 * every week in between is judged too, once, from the calls recorded in it. Level, grade and people are those of now.
 */
export function sweepContactWeeks(timeZone: string): AdvanceObligations {
  return async (tx, due) => {
    const policy = cadencePolicy(tx.settings);
    const now = tx.now.getTime();
    const subjects = [...new Set(due.map((obligation) => obligation.subjectId))];
    const facts = await tx.query<AccountFacts>(sql`${ACCOUNT_FACTS} where k.id = any(${subjects}::uuid[])`);
    const accounts = new Map(facts.map((account) => [account.id, account]));
    const weeks = due.flatMap((obligation) => {
      const account = accounts.get(obligation.subjectId);
      if (!account || account.endedAt !== null) return [];
      const required = requiredCalls(account.level, account.grade, policy);
      return weeksSince(parsePeriod(obligation.period, timeZone), now, timeZone).map((week) => ({
        obligation,
        account,
        customerId: account.customerId,
        week,
        required,
      }));
    });
    const calls = await countCalls(tx, weeks);
    const missed = await missedWeeks(tx, weeks, timeZone);
    const judged = weeks.map(({ account, week, required, obligation }, place) => {
      const counted = { required, ...(calls[place] ?? { done: 0, metBy: null, metAt: null }) };
      const row = contactObligation(account, week, counted, tx.now, policy.dueSoon);
      if (row.state === 'OVERDUE') {
        const before = missed.has(`${account.id} ${previousPeriod(week, timeZone).key}`);
        missed.add(`${account.id} ${week.key}`);
        tx.emit({
          kind: 'CONTACT_OVERDUE',
          subjectId: account.id,
          audience: overdueAudience(account, before),
          payload: {
            level: account.level,
            required,
            done: counted.done,
            period: week.key,
            dueAt: row.dueAt.toISOString(),
          },
          dedupeKey: `CONTACT_OVERDUE ${account.id} ${week.key}`,
        });
      }
      return { obligation, row };
    });
    await putObligations(
      tx,
      judged.map(({ row }) => row),
    );
    const own = new Map(
      judged
        .filter(({ obligation, row }) => row.period === obligation.period)
        .map(({ obligation, row }) => [obligation.id, row]),
    );
    return due.map(({ id, state }) => {
      const row = own.get(id);
      // Of an account that has ended nothing is asked any more.
      return row
        ? { id, state: row.state, step: row.step, nextAt: row.nextAt }
        : { id, state: state === 'MET' ? state : 'CANCELLED', step: 0, nextAt: null };
    });
  };
}

/** Which of the weeks before these were missed, as "account week". */
async function missedWeeks(
  tx: Command,
  weeks: readonly { readonly account: AccountFacts; readonly week: Period }[],
  timeZone: string,
): Promise<Set<string>> {
  const before = weeks.map(({ account, week }) => ({
    id: account.id,
    period: previousPeriod(week, timeZone).key,
  }));
  const rows = await tx.query<{ key: string }>(sql`
    select o.subject_id || ' ' || o.period as key
    from jsonb_to_recordset(${JSON.stringify(before)}::jsonb) as b(id uuid, period text)
    join obligation o on o.kind = ${KEY_ACCOUNT_CONTACT} and o.subject_id = b.id and o.period = b.period
    where o.state = 'OVERDUE'`);
  return new Set(rows.map((row) => row.key));
}
