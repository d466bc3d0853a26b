import { type Sql, sql } from '../../platform/sql.ts';

/** A recording that is there, or that was until the end of its retention. */
function recordings(t: Sql): Sql {
  return sql`
    select 1 from attachment r
    where r.subject_type = 'Ticket' and r.subject_id = ${t}.id and r.kind = 'CALL_RECORDING'
      and (r.removed_at is null or r.removed_by_id is null)`;
}

/** True for a ticket whose call was recorded. By the index attachment(subject_id, id). */
export function hasRecording(t: Sql): Sql {
  return sql`exists (${recordings(t)})`;
}

/** True for a ticket on which no work is left: its record stays as it is. */
export function ticketEnded(t: Sql): Sql {
  return sql`${t}.status in ('CLOSED', 'CANCELLED')`;
}

/**
 * True where a step of the ticket was taken on the strength of the attachment: the letter of a serious complaint
 * (TIC-20), and the only recording of a special or disputed one whose responsibility has been decided (TIC-10).
 */
export function restsOnAttachment(t: Sql, attachment: Sql): Sql {
  return sql`(
    ${t}.letter_attachment_id = ${attachment}.id
    or (${attachment}.kind = 'CALL_RECORDING' and (${t}.special or ${t}.disputed) and ${t}.no_recording_reason is null
      and ${t}.liability is not null and not exists (${recordings(t)} and r.id <> ${attachment}.id)))`;
}
