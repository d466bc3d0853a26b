import { invalid, Issues } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Command } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { hasRecording } from '../queries/evidence.ts';
import { isOpen, possibleActions } from '../rules/workflow.ts';
import { IllegalTransition } from '../../lib/errors.ts';
import { changeTicket, isComplaint, type LockedTicket, lockTicket } from './ticket.ts';

export const REASON_LENGTH = 500;
const LETTER_LENGTH = 20_000;

export interface TicketMarkInput {
  readonly ticketId: string;
  readonly expectedVersion?: number | null;
  readonly special?: boolean | null;
  readonly disputed?: boolean | null;
  readonly noRecordingReason?: string | null;
}

/** Marks a ticket as special or disputed, or says why its call was not recorded (TIC-10). */
export async function ticketMark(
  tx: Command,
  viewer: Viewer,
  input: TicketMarkInput,
): Promise<{ ticketId: string }> {
  const ticket = await lockTicket(tx, viewer, input.ticketId, input);
  if (!isOpen(ticket.status)) throw new IllegalTransition(ticket.status, 'MARK', possibleActions(ticket));
  const { special, disputed, noRecordingReason } = input;
  const issues = new Issues();
  issues.expect(
    special != null || disputed != null || noRecordingReason !== undefined,
    'special',
    text('special, disputed or noRecordingReason', '须填写 special、disputed 或 noRecordingReason'),
  );
  issues.expect(
    (noRecordingReason ?? '').length <= REASON_LENGTH,
    'noRecordingReason',
    text(`at most ${REASON_LENGTH} characters`, `最多 ${REASON_LENGTH} 字`),
  );
  issues.throwIfAny();
  const before = await recordingFacts(tx, ticket.id);
  await changeTicket(
    tx,
    { ...ticket, ...before },
    {
      action: 'MARK',
      data: {
        ...(special == null ? {} : { special }),
        ...(disputed == null ? {} : { disputed }),
        ...(noRecordingReason === undefined ? {} : { noRecordingReason: noRecordingReason?.trim() || null }),
      },
    },
  );
  return { ticketId: ticket.id };
}

interface RecordingFacts {
  readonly special: boolean;
  readonly disputed: boolean;
  readonly noRecordingReason: string | null;
  readonly recorded: boolean;
}

async function recordingFacts(tx: Command, ticketId: string): Promise<RecordingFacts | undefined> {
  const [facts] = await tx.query<RecordingFacts>(sql`
    select t.special, t.disputed, t.no_recording_reason as "noRecordingReason", ${hasRecording(sql`t`)} as recorded
    from ticket t where t.id = ${ticketId}::uuid`);
  return facts;
}

/** TIC-10: the call of a special or disputed ticket is recorded and kept, or it is said why not. */
export async function requireRecording(tx: Command, ticketId: string): Promise<void> {
  const facts = await recordingFacts(tx, ticketId);
  if (!facts || !(facts.special || facts.disputed) || facts.recorded || facts.noRecordingReason) return;
  throw invalid(
    'ticketId',
    text(
      'a special or disputed ticket needs a CALL_RECORDING attached, or the reason why there is none, by ticketMark (TIC-10)',
      '特殊或有争议的工单须附通话录音（CALL_RECORDING），或通过 ticketMark 填写未录音原因（TIC-10）',
    ),
  );
}

export interface LetterInput {
  /** Text of the letter to the customer. */
  readonly letter?: string | null;
  /** The letter as an attachment of the ticket. */
  readonly letterAttachmentId?: string | null;
}

/**
 * TIC-20: the outcome of a serious complaint is sent by letter, and the letter is kept: as an attachment that is named,
 * as text, or as the newest LETTER that was attached since the cycle began. Other tickets may have one.
 */
export async function letterOf(
  tx: Command,
  ticket: LockedTicket,
  input: LetterInput,
): Promise<{ letter?: string; letterAttachmentId?: string }> {
  const needed = isComplaint(ticket) && ticket.severity === 'SERIOUS';
  const given = input.letter?.trim() ?? '';
  const named = input.letterAttachmentId ?? null;
  if (!needed && !given && !named) return {};
  const letters = await tx.query<{ id: string; recent: boolean }>(sql`
    select att.id, att.uploaded_at >= t.cycle_started_at as recent
    from attachment att join ticket t on t.id = att.subject_id
    where t.id = ${ticket.id}::uuid and att.subject_type = 'Ticket' and att.kind = 'LETTER' and att.removed_at is null
    order by att.uploaded_at desc, att.id desc`);
  const newest = letters.find(({ recent }) => recent);
  const attached = named ?? (given || !needed ? undefined : newest?.id);
  const issues = new Issues();
  issues.expect(
    named === null || letters.some(({ id }) => id === named),
    'letterAttachmentId',
    text('a LETTER that is attached to this ticket', '须为本工单的信函（LETTER）附件'),
  );
  issues.expect(
    given.length <= LETTER_LENGTH,
    'letter',
    text(`at most ${LETTER_LENGTH} characters`, `最多 ${LETTER_LENGTH} 字`),
  );
  issues.expect(
    !needed || attached !== undefined || given.length > 0,
    'letter',
    text(
      'the letter by which the outcome was sent: its text, or letterAttachmentId, or a LETTER attached (TIC-20)',
      '严重投诉须存留发给客户的信函：信函正文、letterAttachmentId 或 LETTER 附件（TIC-20）',
    ),
  );
  issues.throwIfAny();
  return { ...(given ? { letter: given } : {}), ...(attached ? { letterAttachmentId: attached } : {}) };
}
