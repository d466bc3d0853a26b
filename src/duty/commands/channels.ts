import type { ServiceChannelKind } from '../../generated/prisma/enums.ts';
import { IllegalTransition, Issues, invalid, NotFound, StaleVersion } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { type Directory, requireRotaWriter } from './desks.ts';

const NAME_MOST = 100;
const ADDRESS_MOST = 200;

export interface ServiceChannelOpenInput {
  readonly kind: ServiceChannelKind;
  readonly name: string;
  readonly address: string;
  readonly teamId: string;
  readonly calendarCode?: string | null;
  readonly idempotencyKey?: string | null;
}

/** Names a number, mailbox or page at which a team serves customers; the complaint line day and night (TIC-01, TIC-02). */
export async function serviceChannelOpen(
  tx: Command,
  viewer: Viewer,
  input: ServiceChannelOpenInput,
  directory: Directory,
): Promise<{ channelId: string }> {
  requireRotaWriter(viewer, input.teamId, directory);
  const calendarCode = input.calendarCode ?? 'ALWAYS_OPEN';
  const facts = {
    kind: input.kind,
    name: input.name.trim(),
    address: input.address.trim(),
    teamId: input.teamId,
    calendarCode,
  };
  const channelId = await once(tx, 'serviceChannelOpen', input.idempotencyKey, input, async (id) => {
    const [calendar] = await tx.query<{ alwaysOpen: boolean }>(sql`
      select c.always_open as "alwaysOpen" from business_calendar c
      where c.code = ${calendarCode} and c.approved_at is not null and c.valid_from <= ${tx.now}::timestamptz
      order by c.valid_from desc, c.approved_at desc, c.revision desc limit 1`);
    const issues = new Issues();
    issues.expect(
      facts.name.length > 0 && facts.name.length <= NAME_MOST,
      'name',
      text(`1 to ${NAME_MOST} characters`, `1 到 ${NAME_MOST} 字`),
    );
    issues.expect(
      facts.address.length > 0 && facts.address.length <= ADDRESS_MOST,
      'address',
      text(
        `a phone number, e-mail or web address of at most ${ADDRESS_MOST} characters`,
        `电话、邮箱或网址，最多 ${ADDRESS_MOST} 字`,
      ),
    );
    issues.expect(
      directory.organisation.teams.has(input.teamId),
      'teamId',
      text('an existing team', '已存在的团队'),
    );
    issues.expect(
      calendar !== undefined,
      'calendarCode',
      text('the code of a calendar in force', '生效中日历的代码'),
    );
    issues.expect(
      input.kind !== 'COMPLAINT_LINE' || calendar === undefined || calendar.alwaysOpen,
      'calendarCode',
      text(
        'a calendar that is always open: complaints are taken day and night (TIC-02)',
        '全天候日历：投诉须 24 小时受理（TIC-02）',
      ),
    );
    issues.throwIfAny();
    await tx.prisma.serviceChannel.create({ data: { id, ...facts, openedAt: tx.now } });
    tx.audit({ action: 'serviceChannel.OPEN', subjectType: 'ServiceChannel', subjectId: id, after: facts });
  });
  return { channelId };
}

export interface ServiceChannelCloseInput {
  readonly channelId: string;
  readonly reason: string;
  readonly expectedVersion: number;
}

/** Ends a channel; the tickets that came in there keep it. */
export async function serviceChannelClose(
  tx: Command,
  viewer: Viewer,
  input: ServiceChannelCloseInput,
  directory: Directory,
): Promise<{ channelId: string }> {
  const [channel] = await tx.query<{
    id: string;
    teamId: string;
    closedAt: Date | null;
    version: number;
  }>(sql`
    select s.id, s.team_id as "teamId", s.closed_at as "closedAt", s.version from service_channel s
    where s.id = ${input.channelId}::uuid for update`);
  if (!channel) throw new NotFound(['channelId'], text('service channel', '服务渠道'));
  requireRotaWriter(viewer, channel.teamId, directory);
  if (channel.version !== input.expectedVersion) throw new StaleVersion(channel.version);
  if (channel.closedAt) throw new IllegalTransition('CLOSED', 'CLOSE', []);
  if (!input.reason.trim()) throw invalid('reason', text('why it is closed', '撤销原因'));
  await tx.prisma.serviceChannel.update({
    where: { id: channel.id },
    data: { closedAt: tx.now, version: { increment: 1 } },
  });
  tx.audit({
    action: 'serviceChannel.CLOSE',
    subjectType: 'ServiceChannel',
    subjectId: channel.id,
    before: { closedAt: null },
    after: { closedAt: tx.now, reason: input.reason.trim() },
  });
  return { channelId: channel.id };
}
