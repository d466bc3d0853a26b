import { invalid } from '../../lib/errors.ts';
import { startOfLocalDay, localDate, monthsAfter } from '../../lib/periods.ts';
import { cents } from '../../lib/money.ts';
import { text } from '../../lib/text.ts';
import { transition } from '../../lib/workflow.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import {
  type AdvanceObligations,
  cancelObligations,
  type ObligationAdvance,
  openObligations,
} from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { CARE } from '../rules/record-specs.ts';
import { CARE_WORKFLOW, type CareEnd } from '../rules/work.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';
import { askForRecord } from './record-approvals.ts';
import { changeRecord, lockToChange, type Recording } from './records.ts';

/** Care that comes near. */
export const CARE_ACTION = 'CARE_ACTION';

const DAY = 86_400_000;

/** Care is planned for a day and told before it; speaking for the customer names the department that is asked (KEY-27). */
export function careRecording(tx: Command, { timeZone }: Pick<Reader, 'timeZone'>): Recording {
  const today = localDate(tx.now.getTime(), timeZone);
  return {
    check: (issues, { type, department, dueOn }) => {
      issues.expect(
        type !== 'ADVOCACY' || department !== null,
        'department',
        text('the department that is asked', '受理部门'),
      );
      issues.expect(dueOn === null || String(dueOn) >= today, 'dueOn', text('today or later', '不早于今天'));
    },
    facts: () => ({ state: 'PLANNED' }),
    after: async (id, { dueOn }, { account, customer }) => {
      const day = startOfLocalDay(String(dueOn), timeZone);
      const notice = tx.settings.get(KEY_ACCOUNT_SETTINGS.careNoticeDays) * DAY;
      await openObligations(tx, [
        {
          kind: CARE_ACTION,
          subjectId: id,
          period: String(dueOn),
          ownerId: customer.ownerId ?? account.specialistId,
          startsAt: tx.now,
          dueAt: new Date(day),
          nextAt: new Date(Math.max(day - notice, tx.now.getTime())),
        },
      ]);
    },
  };
}

/** Tells care of accounts that comes near (EVT-68): to the customer's owner and the specialist, without its content. */
export const advanceCare: AdvanceObligations = async (tx, due) => {
  const rows = await tx.query<{
    id: string;
    keyAccountId: string;
    type: string;
    dueOn: string;
    ownerId: string | null;
    specialistId: string | null;
  }>(sql`
    select a.id, a.key_account_id as "keyAccountId", a.type, a.due_on::text as "dueOn", c.owner_id as "ownerId",
           k.specialist_id as "specialistId"
    from care_action a join key_account k on k.id = a.key_account_id join customer c on c.id = k.customer_id
    where a.id = any(${due.map(({ subjectId }) => subjectId)}::uuid[]) and a.state = 'PLANNED' and k.ended_at is null`);
  const planned = new Map(rows.map((row) => [row.id, row]));
  return due.map(({ id, subjectId, step }): ObligationAdvance => {
    const care = planned.get(subjectId);
    if (!care) return { id, state: 'CANCELLED', step, nextAt: null };
    tx.emit({
      kind: 'CARE_ACTION_DUE',
      subjectId: care.keyAccountId,
      audience: { employees: [care.ownerId, care.specialistId].filter((one) => one !== null) },
      payload: { careActionId: care.id, action: care.type, dueOn: care.dueOn },
      dedupeKey: `CARE_ACTION_DUE ${care.id}`,
    });
    return { id, state: 'WARNED', step: 1, nextAt: null };
  });
};

export interface CareEndInput {
  readonly recordId: string;
  readonly expectedVersion: number;
  readonly action: CareEnd;
  readonly result: string;
}

/** Says what came of care: the customer's opinion, or what the department answered. */
export async function careEnd(
  tx: Command,
  viewer: Viewer,
  input: CareEndInput,
): Promise<{ recordId: string }> {
  const { record } = await lockToChange(
    tx,
    viewer,
    CARE,
    input.recordId,
    'careActionId',
    input.expectedVersion,
  );
  const state = transition(CARE_WORKFLOW, record.state as keyof typeof CARE_WORKFLOW, input.action);
  const result = input.result.trim();
  if (result.length === 0 || result.length > 5_000)
    throw invalid('result', text('what came of it, in up to 5000 characters', '结果，最多 5000 字'));
  await changeRecord(tx, CARE, record, `CareAction.${input.action}`, { state, result, endedAt: tx.now });
  await cancelObligations(tx, CARE_ACTION, record.id);
  return { recordId: record.id };
}

/**
 * What one person is given in a calendar year stays within gift.limit, or waits for approval (KEY-28): business and
 * friendship are kept apart. Refused ones do not count.
 */
export function giftRecording(
  tx: Command,
  directory: Pick<Reader, 'organisation' | 'timeZone'>,
  viewer: Viewer,
): Recording {
  return {
    check: (issues, { givenOn, value }) => {
      const today = startOfLocalDay(localDate(tx.now.getTime(), directory.timeZone), directory.timeZone);
      const latest = localDate(monthsAfter(today, 12, directory.timeZone), directory.timeZone);
      issues.expect(
        givenOn === null || String(givenOn) <= latest,
        'givenOn',
        text('no day beyond a year from now', '不晚于一年之后'),
      );
      issues.expect(!/^0+(\.0+)?$/.test(String(value)), 'value', text('an amount above 0', '大于 0 的金额'));
    },
    facts: async ({ contact, givenOn, value }) => {
      const [given] = await tx.query<{ total: string }>(sql`
        select coalesce(sum(value), 0)::numeric(18, 2)::text as total from gift_record
        where contact_id = ${contact as string}::uuid and state <> 'REFUSED'
          and given_on >= date_trunc('year', ${givenOn as string}::date)
          and given_on < date_trunc('year', ${givenOn as string}::date) + interval '1 year'`);
      const total = cents(given?.total ?? '0.00') + cents(String(value));
      const within = total <= cents(tx.settings.get(KEY_ACCOUNT_SETTINGS.giftLimit));
      return { state: within ? 'WITHIN_LIMIT' : 'PENDING' };
    },
    after: async (id, { state, contact, value }) => {
      if (state !== 'PENDING') return;
      const terms = [contact, cents(String(value)).toString()];
      await askForRecord(tx, 'KEY_ACCOUNT_GIFT', { id, terms }, viewer, directory);
    },
  };
}
