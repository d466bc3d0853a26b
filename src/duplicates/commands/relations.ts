import { CUSTOMER_REGISTRATION } from '../../customers/commands/stages.ts';
import { GRADE_CONFIRM } from '../../grading/commands/run.ts';
import type { Command } from '../../platform/command.ts';
import { join, raw, sql } from '../../platform/sql.ts';

/**
 * Every column that holds the id of a customer, and what a merge does with it. A test finds the columns in the database,
 * so that one that is added is decided on here, too.
 *
 * MOVE: its rows go to the survivor, after `settleConflicts` where a customer may have one of a kind only.
 * OWN: the merge writes it by a statement of its own.
 * STAYS: it says what was of the duplicate as it stood, and keeps its id, which `node` and `CustomerMerge` still know.
 */
export const CUSTOMER_COLUMNS = {
  'access_grant.customer_id': 'MOVE',
  'change_proposal.customer_id': 'MOVE',
  'churn_risk.customer_id': 'MOVE',
  'contact.customer_id': 'MOVE',
  'contact_log.customer_id': 'MOVE',
  'correction_request.customer_id': 'MOVE',
  'customer_assignment.customer_id': 'MOVE',
  'customer_match.customer_id': 'OWN',
  'customer_merge.duplicate_id': 'STAYS',
  'customer_merge.survivor_id': 'MOVE',
  'customer_stage_change.customer_id': 'MOVE',
  'customer_suggestion.customer_id': 'MOVE',
  'data_form.customer_id': 'MOVE',
  'development_note.customer_id': 'MOVE',
  'disclosure_report.customer_id': 'MOVE',
  'duplicate_candidate.one_id': 'OWN',
  'duplicate_candidate.other_id': 'OWN',
  'feedback.customer_id': 'MOVE',
  'file_paper.customer_id': 'OWN',
  'grade_candidate.customer_id': 'MOVE',
  'grade_history.customer_id': 'MOVE',
  'grade_score.customer_id': 'STAYS',
  'grading_profile.customer_id': 'OWN',
  'incident_report.customer_id': 'MOVE',
  'key_account.customer_id': 'MOVE',
  'key_account_candidate.customer_id': 'MOVE',
  'key_account_proposal.customer_id': 'MOVE',
  'loss_review.customer_id': 'MOVE',
  'pending_update.customer_id': 'MOVE',
  'relationship_plan.customer_id': 'MOVE',
  'service_calendar.customer_id': 'MOVE',
  'shipment.customer_id': 'MOVE',
  'ticket.customer_id': 'MOVE',
  'visit.customer_id': 'MOVE',
  'work_report.customer_id': 'MOVE',
} as const satisfies Record<string, 'MOVE' | 'OWN' | 'STAYS'>;

/** The tables whose rows move, with their column. */
const MOVED = Object.entries(CUSTOMER_COLUMNS)
  .filter(([, handling]) => handling === 'MOVE')
  .map(([place]) => place.split('.') as [table: string, column: string]);

/** How much of each kind a duplicate has. */
export async function countRecords(tx: Command, duplicateId: string): Promise<Record<string, number>> {
  const counts = MOVED.map(
    ([table, column]) => sql`
      select ${table}::text as name, count(*)::int as count from ${raw(table)} where ${raw(column)} = ${duplicateId}::uuid`,
  );
  const rows = await tx.query<{ name: string; count: number }>(sql`${join(counts, ' union all ')}`);
  return Object.fromEntries(rows.filter(({ count }) => count > 0).map(({ name, count }) => [name, count]));
}

/**
 * Moves all that belongs to a duplicate to its survivor. One statement, as its parts are of different tables.
 * `customer_merge` says already that the two are one, which lets what is append-only follow.
 */
export async function moveRecords(tx: Command, duplicateId: string, survivorId: string): Promise<void> {
  const parts = MOVED.map(
    ([table, column]) => sql`${raw(`moved_${table}`)} as (
      update ${raw(table)} set ${raw(column)} = ${survivorId}::uuid where ${raw(column)} = ${duplicateId}::uuid returning 1)`,
  );
  await tx.query(sql`with ${join(parts, ', ')} select 1 as moved`);
}

/** Tables whose rows a foreign key does not tie to their customer: one written while it was merged still says the duplicate. */
const UNTIED = ['feedback', 'grade_candidate', 'incident_report', 'service_calendar', 'work_report'] as const;

/** Gives to survivors what was written for their duplicates in the moment of the merge. Nothing, on most nights. */
export async function moveLateRecords(tx: Command): Promise<void> {
  const parts = UNTIED.map(
    (table) => sql`${raw(`late_${table}`)} as (
      update ${raw(table)} r set customer_id = m.survivor_id from customer_merge m
      where r.customer_id = m.duplicate_id returning 1)`,
  );
  await tx.query(sql`with ${join(parts, ', ')} select 1 as moved`);
}

/** Of what a customer has one at a time the survivor's counts; the duplicate's is ended as such records end. */
export async function settleConflicts(tx: Command, duplicateId: string, survivorId: string): Promise<void> {
  const duplicate = sql`${duplicateId}::uuid`;
  const survivor = sql`${survivorId}::uuid`;
  await tx.query(sql`
    with risk as (
      update churn_risk r set ended_at = ${tx.now}::timestamptz
      where r.customer_id = ${duplicate} and r.ended_at is null
        and exists (select 1 from churn_risk o where o.customer_id = ${survivor} and o.ended_at is null) returning 1),
    calendar as (
      update service_calendar s set valid_to = ${tx.now}::timestamptz, ended_by_id = ${tx.actorId}::uuid
      where s.customer_id = ${duplicate} and s.valid_to is null
        and exists (select 1 from service_calendar o where o.customer_id = ${survivor} and o.valid_to is null) returning 1),
    account as (
      update key_account_candidate k set state = 'LAPSED', decided_at = ${tx.now}::timestamptz, version = version + 1
      where k.customer_id = ${duplicate} and k.state = 'OPEN'
        and (exists (select 1 from key_account_candidate o where o.customer_id = ${survivor} and o.state = 'OPEN')
          or exists (select 1 from key_account o where o.customer_id = ${survivor} and o.ended_at is null)) returning 1),
    -- What was proposed of the figures of one says nothing of both: the nightly run proposes anew.
    grade as (
      update grade_candidate g set state = 'SUPERSEDED', version = version + 1
      where g.customer_id in (${duplicate}, ${survivor}) and g.state = 'OPEN' returning g.id),
    confirmations as (
      update obligation o set state = 'CANCELLED', next_at = null
      from grade where o.kind = ${GRADE_CONFIRM} and o.subject_id = grade.id returning 1),
    targets as (
      update kpi_target t set dimension_id = ${survivor}
      where t.dimension_kind = 'CUSTOMER' and t.dimension_id = ${duplicate} and not exists (
        select 1 from kpi_target o
        where o.key = t.key and o.period = t.period and o.dimension_kind = 'CUSTOMER' and o.dimension_id = ${survivor}) returning 1),
    anomalies as (
      update anomaly_case a set dimension_id = ${survivor}
      where a.dimension_kind = 'CUSTOMER' and a.dimension_id = ${duplicate} and not exists (
        select 1 from anomaly_case o
        where o.key = a.key and o.period = a.period and o.test = a.test and o.dimension_kind = 'CUSTOMER'
          and o.dimension_id = ${survivor}) returning 1)
    select 1 as settled`);
}

/** The papers of the duplicate's file follow those of the survivor's, in the sets that they were in (CUS-11). */
export async function movePapers(tx: Command, duplicateId: string, survivorId: string): Promise<void> {
  await tx.query(sql`
    update file_paper set customer_id = ${survivorId}::uuid,
      set_number = set_number + (
        select coalesce(max(s.set_number), 0) from file_paper s where s.customer_id = ${survivorId}::uuid)
    where customer_id = ${duplicateId}::uuid
    returning 1 as written`);
}

/** What is said of a customer for its grade: the survivor's words, and the duplicate's where it has none. */
export async function mergeGradingProfile(
  tx: Command,
  duplicateId: string,
  survivorId: string,
): Promise<void> {
  await tx.query(sql`
    with gone as (delete from grading_profile where customer_id = ${duplicateId}::uuid returning *)
    insert into grading_profile as p (customer_id, size, likelihood, nature, updated_by_id, updated_at, version)
    select ${survivorId}::uuid, size, likelihood, nature, updated_by_id, updated_at, version from gone
    on conflict (customer_id) do update set
      size = coalesce(p.size, excluded.size), likelihood = coalesce(p.likelihood, excluded.likelihood),
      nature = coalesce(p.nature, excluded.nature), version = p.version + 1
    returning 1 as written`);
}

/**
 * What was to be done for the duplicate ends, since the survivor is watched itself; what was done or missed is the
 * survivor's from now on, where that has not the same already. The wait for a registration goes with the contract.
 */
export async function moveObligations(tx: Command, duplicateId: string, survivorId: string): Promise<void> {
  const alike = sql`exists (
    select 1 from obligation s where s.subject_id = ${survivorId}::uuid and s.kind = o.kind and s.period = o.period)`;
  await tx.query(sql`
    update obligation o set state = 'CANCELLED', next_at = null
    where o.subject_id = ${duplicateId}::uuid and o.state in ('OPEN', 'WARNED')
      and (o.kind <> ${CUSTOMER_REGISTRATION} or ${alike})
    returning 1 as written`);
  await tx.query(sql`
    update obligation o set subject_id = ${survivorId}::uuid
    where o.subject_id = ${duplicateId}::uuid and o.state <> 'CANCELLED' and not ${alike}
    returning 1 as written`);
}

/** Every column that holds the id of a contact; found by the same test. */
export const CONTACT_COLUMNS = [
  'care_action.contact_id',
  'contact_log.contact_id',
  'customer_requirement.contact_id',
  'gift_record.contact_id',
  'visit.host_id',
] as const;

/** The same person at both: of one name, and no number that says otherwise. */
const SAME_PERSON = sql`
  search_text(d.name) = search_text(s.name)
  and (phone_keys(array[d.phone, d.mobile]) = '{}' or phone_keys(array[s.phone, s.mobile]) = '{}'
    or phone_keys(array[d.phone, d.mobile]) && phone_keys(array[s.phone, s.mobile]))`;

/**
 * A person who is a contact at both becomes one: the survivor's contact takes what it does not have, what was done with
 * the other is its, and the other is archived. Before the contacts move.
 */
export async function foldContacts(tx: Command, duplicateId: string, survivorId: string): Promise<number> {
  const folded = await tx.query<{ id: string; into: string }>(sql`
    select distinct on (d.id) d.id, s.id as into
    from contact d join contact s on ${SAME_PERSON}
    where d.customer_id = ${duplicateId}::uuid and d.archived_at is null
      and s.customer_id = ${survivorId}::uuid and s.archived_at is null
    order by d.id, s.id`);
  if (folded.length === 0) return 0;
  const pairs = sql`unnest(${folded.map(({ id }) => id)}::uuid[], ${folded.map(({ into }) => into)}::uuid[]) as f(id, into_id)`;
  const referring = CONTACT_COLUMNS.map((place) => {
    const [table = '', column = ''] = place.split('.');
    return sql`${raw(`of_${table}`)} as (
      update ${raw(table)} r set ${raw(column)} = f.into_id from ${pairs} where r.${raw(column)} = f.id returning 1)`;
  });
  await tx.query(sql`
    with ${join(referring, ', ')},
    kept as (
      update contact s set
        title = coalesce(s.title, d.title), phone = coalesce(s.phone, d.phone), mobile = coalesce(s.mobile, d.mobile),
        email = coalesce(s.email, d.email), is_key_person = s.is_key_person or d.is_key_person,
        updated_at = ${tx.now}::timestamptz, version = s.version + 1
      from ${pairs} join contact d on d.id = f.id where s.id = f.into_id returning 1)
    update contact d set archived_at = ${tx.now}::timestamptz, updated_at = ${tx.now}::timestamptz, version = d.version + 1
    from ${pairs} where d.id = f.id
    returning 1 as written`);
  tx.audit(
    ...folded.map(({ id, into }) => ({
      action: 'contactMerge',
      subjectType: 'Contact',
      subjectId: id,
      after: { mergedInto: into },
    })),
  );
  return folded.length;
}

/**
 * What is kept of pairs after a merge: the pair itself is settled by it, those of the duplicate with others are the
 * survivor's unless it has one with them already.
 */
export async function settlePairs(tx: Command, duplicateId: string, survivorId: string): Promise<void> {
  await tx.query(sql`
    with gone as (
      delete from duplicate_candidate where ${duplicateId}::uuid in (one_id, other_id) returning *)
    insert into duplicate_candidate (id, one_id, other_id, reasons, similarity, state, found_at, decided_by_id, decided_at, decision_reason, version)
    select distinct on (p.third) id, least(p.third, ${survivorId}::uuid), greatest(p.third, ${survivorId}::uuid), reasons,
           similarity, state, found_at, decided_by_id, decided_at, decision_reason, version + 1
    from gone cross join lateral (
      select case when one_id = ${duplicateId}::uuid then other_id else one_id end as third) p
    where p.third <> ${survivorId}::uuid
    order by p.third, id
    on conflict (one_id, other_id) do nothing
    returning 1 as written`);
}
