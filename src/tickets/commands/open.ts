import type {
  BusinessLine,
  CustomerGrade,
  InquiryTopic,
  KeyAccountLevel,
  TicketCategory,
  TicketChannel,
  TicketSeverity,
} from '../../generated/prisma/enums.ts';
import { Forbidden, invalid, Issues } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { isMoney } from '../../lib/money.ts';
import { text } from '../../lib/text.ts';
import { customerLevel } from '../../customers/queries/visibility.ts';
import type { Reader } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { ticketNumbers } from '../numbers.ts';
import { loadServiceLevels, termSettings } from '../queries/clocks.ts';
import { requiredFields } from '../rules/form.ts';
import { priorityOf, severityOf } from '../rules/severity.ts';
import { slaClock } from '../rules/sla-clock.ts';
import { clockTerms, type Terms, termsFor } from '../rules/sla-terms.ts';
import { TICKET_SETTINGS } from '../settings.ts';
import { syncClocks, termColumns } from './clock.ts';
import { watchDispatch } from './dispatch-watch.ts';
import { REASON_LENGTH } from './evidence.ts';
import { giveOutTickets, routeColumns, routeOf } from './queue.ts';
import { acknowledgeWritten } from './replies.ts';
import { emitTicket, lockTicket, people } from './ticket.ts';

export interface TicketOpenInput {
  readonly category: TicketCategory;
  readonly subject: string;
  readonly content: string;
  readonly channel: TicketChannel;
  readonly serviceChannelId?: string | null;
  readonly customerId?: string | null;
  readonly callerName?: string | null;
  readonly callerPhone?: string | null;
  readonly callbackPhone?: string | null;
  readonly shipmentNumber?: string | null;
  readonly topic?: InquiryTopic | null;
  readonly openedAt?: Date | null;
  readonly severity?: TicketSeverity | null;
  readonly points?: readonly string[] | null;
  readonly claimAmount?: string | null;
  readonly injury?: boolean | null;
  readonly legalOrMediaThreat?: boolean | null;
  readonly lossOrDamage?: boolean | null;
  readonly threatToLeave?: boolean | null;
  readonly arisesDuringSale?: boolean | null;
  readonly special?: boolean | null;
  readonly disputed?: boolean | null;
  readonly noRecordingReason?: string | null;
  readonly linkedTicketId?: string | null;
  readonly idempotencyKey?: string | null;
}

interface CustomerFacts {
  readonly level: number;
  readonly grade: CustomerGrade | null;
  readonly areaId: string | null;
  readonly businessLine: BusinessLine;
  readonly ownerId: string | null;
  readonly keyAccountId: string | null;
  readonly keyAccountLevel: KeyAccountLevel | null;
  readonly contractCalendar: string | null;
  readonly priorityLane: boolean | null;
  readonly specialistId: string | null;
  readonly complaints: number;
}

/**
 * Enters a contact as a ticket and starts its clock: severity, queue and limits follow from the facts (TIC-04, TIC-12,
 * TIC-20, CFL-14). Intake is never closed (TIC-02).
 */
export async function ticketOpen(
  tx: Command,
  viewer: Viewer,
  input: TicketOpenInput,
  { organisation, timeZone }: Pick<Reader, 'organisation' | 'timeZone'>,
): Promise<{ ticketId: string }> {
  if (!can(viewer, 'ticket', 'write')) throw new Forbidden(rolesWith('ticket', 'write'));
  const ticketId = await once(tx, 'ticketOpen', input.idempotencyKey, input, (id) =>
    openTicket(tx, viewer, id, input, { organisation, timeZone }),
  );
  return { ticketId };
}

/**
 * Opens a ticket that follows from another record: whoever may keep that one need not have tickets of their own
 * (VIS-11). Its input is checked like any other.
 */
export async function openTicket(
  tx: Command,
  viewer: Viewer,
  id: string,
  input: TicketOpenInput,
  directory: Pick<Reader, 'organisation' | 'timeZone'>,
): Promise<void> {
  const customer = input.customerId ? await customerFacts(tx, viewer, input.customerId) : null;
  checkOpening(tx, input, customer);
  if (input.linkedTicketId) {
    await lockTicket(tx, viewer, input.linkedTicketId, { readOnly: true, field: 'linkedTicketId' });
  }
  await requireServiceChannel(tx, input.serviceChannelId);
  await open(tx, viewer, id, input, customer, directory);
}

/** A contact comes in at a channel that is served, whatever its hours (TIC-01, TIC-02). */
async function requireServiceChannel(tx: Command, id: string | null | undefined): Promise<void> {
  if (id == null) return;
  const [channel] = await tx.query<{ id: string }>(sql`
    select s.id from service_channel s where s.id = ${id}::uuid and s.closed_at is null`);
  if (!channel)
    throw invalid('serviceChannelId', text('a service channel that is not closed', '未撤销的服务渠道'));
}

async function customerFacts(tx: Command, viewer: Viewer, customerId: string): Promise<CustomerFacts | null> {
  const window = tx.settings.get(TICKET_SETTINGS.repeatCount).days * 86_400_000;
  const [row] = await tx.query<CustomerFacts>(sql`
    select ${customerLevel(constantViewer(viewer, tx.now), sql`c`)} as level, c.grade, c.area_id as "areaId",
           c.business_line as "businessLine", c.owner_id as "ownerId", k.id as "keyAccountId", k.level as "keyAccountLevel", a.calendar_code as "contractCalendar", k.priority_lane as "priorityLane", k.specialist_id as "specialistId",
           (select count(*)::int from ticket e
            where e.customer_id = c.id and e.category = 'COMPLAINT' and e.status <> 'CANCELLED'
              and e.opened_at > ${new Date(tx.now.getTime() - window)}::timestamptz) as complaints
    from customer c left join key_account k on k.customer_id = c.id and k.ended_at is null
    left join service_calendar a on a.customer_id = c.id and a.valid_to is null
    where c.id = ${customerId}::uuid`);
  return row && row.level > 0 ? row : null;
}

/** The mandatory facts of the complaint form (FRM-06), and what every ticket needs. */
function checkOpening(tx: Command, input: TicketOpenInput, customer: CustomerFacts | null): void {
  const needed = new Set(requiredFields(input.category, input.channel));
  const issues = new Issues();
  issues.expect(
    input.subject.trim().length > 0 && input.subject.length <= 200,
    'subject',
    text('1 to 200 characters', '1 到 200 字'),
  );
  issues.expect(
    input.content.trim().length > 0 && input.content.length <= 20_000,
    'content',
    text('what the customer said, at most 20,000 characters', '客户陈述，最多 20000 字'),
  );
  issues.expect(
    !input.customerId || customer !== null,
    'customerId',
    text('an existing customer', '已存在的客户'),
  );
  issues.expect(
    !needed.has('customerId') || Boolean(input.customerId),
    'customerId',
    text('a complaint names its customer (FRM-06)', '投诉必须填写客户（FRM-06）'),
  );
  issues.expect(
    !needed.has('callerName') || Boolean(input.callerName?.trim()),
    'callerName',
    text('a complaint names its caller (FRM-06)', '投诉必须填写来电人（FRM-06）'),
  );
  issues.expect(
    !needed.has('callerPhone') || Boolean(input.callerPhone?.trim() || input.callbackPhone?.trim()),
    'callerPhone',
    text(
      'a complaint by phone or on site has a phone number (FRM-06)',
      '电话或现场投诉必须填写电话（FRM-06）',
    ),
  );
  issues.expect(
    !input.topic || input.category === 'INQUIRY',
    'topic',
    text('only of an inquiry (TIC-05)', '仅用于咨询（TIC-05）'),
  );
  issues.expect(
    !input.openedAt || input.openedAt <= tx.now,
    'openedAt',
    text('not in the future', '不能晚于当前时间'),
  );
  issues.expect(
    input.claimAmount == null || (isMoney(input.claimAmount) && !input.claimAmount.startsWith('-')),
    'claimAmount',
    text('an amount of 0 or more with at most two places', '不小于 0、最多两位小数的金额'),
  );
  issues.expect(
    (input.noRecordingReason ?? '').length <= REASON_LENGTH,
    'noRecordingReason',
    text(`at most ${REASON_LENGTH} characters`, `最多 ${REASON_LENGTH} 字`),
  );
  (input.points ?? []).forEach((point, index) => {
    issues.expect(point.trim().length > 0, `points.${index}`, text('what this point is about', '投诉点内容'));
  });
  issues.throwIfAny();
}

async function open(
  tx: Command,
  viewer: Viewer,
  id: string,
  input: TicketOpenInput,
  customer: CustomerFacts | null,
  { organisation, timeZone }: Pick<Reader, 'organisation' | 'timeZone'>,
): Promise<void> {
  const complaint = input.category === 'COMPLAINT';
  const isKeyAccount = customer?.keyAccountId != null;
  const repeat = tx.settings.get(TICKET_SETTINGS.repeatCount);
  const severity = complaint
    ? severityOf(
        {
          claimAmount: input.claimAmount ?? null,
          injury: input.injury ?? false,
          legalOrMediaThreat: input.legalOrMediaThreat ?? false,
          lossOrDamage: input.lossOrDamage ?? false,
          threatToLeave: input.threatToLeave ?? false,
          isKeyAccount,
          earlierComplaints: customer?.complaints ?? 0,
          setByHand: input.severity ?? null,
        },
        { seriousAmount: tx.settings.get(TICKET_SETTINGS.seriousAmount), repeatCount: repeat.count },
      )
    : 'GENERAL';
  const openedAt = input.openedAt ?? tx.now;
  const terms = termsFor(
    await loadServiceLevels(tx, timeZone),
    {
      category: input.category,
      severity,
      grade: customer?.grade ?? null,
      keyAccountLevel: customer?.keyAccountLevel ?? null,
      contractCalendar: customer?.contractCalendar ?? null,
    },
    tx.now,
    termSettings(tx.settings),
  );
  const route = routeOf(
    {
      keyAccountId: customer?.keyAccountId ?? null,
      arisesDuringSale: input.arisesDuringSale ?? false,
      areaId: customer?.areaId ?? null,
      businessLine: customer?.businessLine ?? null,
      ownerId: customer?.ownerId ?? null,
      specialistId: customer?.specialistId ?? null,
      openedById: viewer.employeeId,
    },
    organisation,
  );
  const [number = ''] = await ticketNumbers(tx, 1);
  await tx.prisma.ticket.create({
    data: {
      id,
      number,
      category: input.category,
      status: 'RECEIVED',
      priority: priorityOf(severity, customer?.priorityLane ?? false),
      severity,
      subject: input.subject.trim(),
      content: input.content,
      channel: input.channel,
      serviceChannelId: input.serviceChannelId ?? null,
      topic: input.category === 'INQUIRY' ? (input.topic ?? 'OTHER') : null,
      customerId: input.customerId ?? null,
      keyAccountId: customer?.keyAccountId ?? null,
      areaId: customer?.areaId ?? null,
      ...routeColumns(route, tx.now),
      openedById: viewer.employeeId,
      callerName: input.callerName ?? null,
      callerPhone: input.callerPhone ?? null,
      callbackPhone: input.callbackPhone ?? null,
      shipmentNumber: input.shipmentNumber ?? null,
      claimAmount: input.claimAmount ?? null,
      injury: input.injury ?? false,
      legalOrMediaThreat: input.legalOrMediaThreat ?? false,
      lossOrDamage: input.lossOrDamage ?? false,
      threatToLeave: input.threatToLeave ?? false,
      arisesDuringSale: input.arisesDuringSale ?? false,
      special: input.special ?? false,
      disputed: input.disputed ?? false,
      noRecordingReason: input.noRecordingReason?.trim() || null,
      openedAt,
      registeredAt: tx.now,
      cycleStartedAt: openedAt,
      resolutionDueAt: firstDeadline(terms, openedAt, tx.now),
      slaPolicyId: terms.policy.id,
      linkedTicketId: input.linkedTicketId ?? null,
      createdAt: tx.now,
      updatedAt: tx.now,
    },
  });
  await tx.prisma.ticketSlaTerm.create({
    data: { ...termColumns(terms), ticketId: id, cycle: 0, from: openedAt },
  });
  const writtenIn = input.channel === 'LETTER' || input.channel === 'EMAIL';
  if (writtenIn && (await acknowledgeWritten(tx, { id, number, subject: input.subject.trim() }))) {
    await tx.prisma.ticket.update({ where: { id }, data: { acknowledgedAt: tx.now } });
  }
  const points = complaint ? (input.points?.length ? input.points : [input.content]) : [];
  await tx.prisma.complaintPoint.createMany({
    data: points.map((point, index) => ({ id: newId(), ticketId: id, number: index + 1, text: point })),
  });
  await tx.prisma.ticketHistory.create({
    data: {
      id: newId(),
      ticketId: id,
      at: tx.now,
      actorId: tx.actorId,
      action: 'OPEN',
      from: null,
      to: 'RECEIVED',
    },
  });
  await giveOutTickets(tx, [id], { organisation, timeZone });
  await syncClocks(tx, [id], timeZone);
  if (complaint) await watchDispatch(tx, { id, openedAt, assigneeId: null });
  tx.audit({
    action: 'ticket.OPEN',
    subjectType: 'Ticket',
    subjectId: id,
    after: { ...input, severity, number },
  });
  if (complaint) {
    const toHead = severity === 'SERIOUS' || isKeyAccount;
    // TIC-34: HEAD hears of serious and key account complaints at opening. KEY-29, TIC-28: so does the side that coordinates it.
    emitTicket(
      tx,
      { id, number },
      {
        kind: 'COMPLAINT_OPENED',
        severity: toHead ? 'HIGH' : 'INFO',
        audience: {
          roles: [
            'CS_SUPERVISOR',
            ...(toHead ? ['HEAD'] : []),
            ...(route.rule === 'KEY_ACCOUNT' ? ['KA_SUPERVISOR'] : []),
            ...(route.rule === 'SALE' ? ['SALES_SUPERVISOR'] : []),
          ],
          employees: people(customer?.ownerId ?? null, customer?.specialistId ?? null),
        },
        payload: {
          complaintSeverity: severity,
          dueAt: firstDeadline(terms, openedAt, tx.now).toISOString(),
        },
      },
    );
  }
}

/** The final limit of a new ticket: a complaint has one from its creation (TIC-12). */
function firstDeadline(terms: Terms, openedAt: Date, now: Date): Date {
  const startedAt = openedAt.getTime();
  const clock = slaClock(
    {
      startedAt,
      terms: [clockTerms(terms, startedAt)],
      waits: [],
      customerReplies: [],
      acknowledgedAt: null,
      firstRespondedAt: null,
      planProposedAt: null,
      decidedAt: null,
      progressNoticesAt: [],
      resolvedAt: null,
      cancelledAt: null,
    },
    now.getTime(),
  );
  const due = clock.limits.find((limit) => limit.kind === 'RESOLUTION')?.dueAt;
  if (due == null) throw new Error(`The policy ${terms.policy.code} sets no final limit.`);
  return new Date(due);
}
