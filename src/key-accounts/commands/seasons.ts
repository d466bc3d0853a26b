import { Forbidden, IllegalTransition, Issues, NotFound, StaleVersion } from '../../lib/errors.ts';
import { startOfLocalDay } from '../../lib/periods.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import { rolesWith } from '../../organisation/rules/permissions.ts';
import { can, type Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { type AdvanceObligations, cancelObligations, openObligations } from '../../platform/obligations.ts';
import { sql } from '../../platform/sql.ts';
import { constantViewer } from '../../platform/visibility.ts';
import { seasonReadable } from '../queries/seasons.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';

/** A season that comes near. */
export const PEAK_SEASON = 'PEAK_SEASON';

const DAY = 86_400_000;

export interface PeakSeasonAddInput {
  readonly name: string;
  readonly industry?: string | null;
  readonly startsOn: string;
  readonly endsOn: string;
  readonly preparation?: string | null;
  readonly idempotencyKey?: string | null;
}

/** Enters a season of peak need; its preparation is told before it (KEY-12, EVT-60). Who approves key accounts. */
export async function peakSeasonAdd(
  tx: Command,
  viewer: Viewer,
  input: PeakSeasonAddInput,
  { timeZone }: Pick<Reader, 'timeZone'>,
): Promise<{ peakSeasonId: string }> {
  requireApproves(viewer);
  const peakSeasonId = await once(tx, 'peakSeasonAdd', input.idempotencyKey, input, async (id) => {
    const issues = new Issues();
    issues.expect(
      input.name.trim().length > 0 && input.name.length <= 200,
      'name',
      text('1 to 200 characters', '1 至 200 字'),
    );
    issues.expect(input.endsOn >= input.startsOn, 'endsOn', text('not before startsOn', '不早于开始日'));
    issues.expect(
      startOfLocalDay(input.startsOn, timeZone) > tx.now.getTime(),
      'startsOn',
      text('a day to come', '未来的日期'),
    );
    issues.expect(
      (input.preparation ?? '').length <= 5_000,
      'preparation',
      text('at most 5000 characters', '最多 5000 字'),
    );
    issues.throwIfAny();
    const season = {
      name: input.name.trim(),
      industry: input.industry?.trim() || null,
      preparation: input.preparation?.trim() || null,
    };
    await tx.prisma.peakSeason.create({
      data: {
        ...season,
        id,
        startsOn: new Date(input.startsOn),
        endsOn: new Date(input.endsOn),
        recordedAt: tx.now,
        recordedById: viewer.employeeId,
      },
    });
    const starts = startOfLocalDay(input.startsOn, timeZone);
    const notice = tx.settings.get(KEY_ACCOUNT_SETTINGS.peakNoticeDays) * DAY;
    await openObligations(tx, [
      {
        kind: PEAK_SEASON,
        subjectId: id,
        period: input.startsOn,
        ownerId: null,
        startsAt: tx.now,
        dueAt: new Date(starts),
        nextAt: new Date(Math.max(starts - notice, tx.now.getTime())),
      },
    ]);
    tx.audit({
      action: 'peakSeasonAdd',
      subjectType: 'PeakSeason',
      subjectId: id,
      after: { ...season, startsOn: input.startsOn, endsOn: input.endsOn },
    });
  });
  return { peakSeasonId };
}

export interface PeakSeasonCancelInput {
  readonly peakSeasonId: string;
  readonly expectedVersion: number;
}

/** Takes a season out of the calendar. */
export async function peakSeasonCancel(
  tx: Command,
  viewer: Viewer,
  input: PeakSeasonCancelInput,
): Promise<{ peakSeasonId: string }> {
  const [season] = await tx.query<{ id: string; version: number; cancelledAt: Date | null }>(sql`
    select p.id, p.version, p.cancelled_at as "cancelledAt" from peak_season p
    where p.id = ${input.peakSeasonId}::uuid and ${seasonReadable(constantViewer(viewer, tx.now))}
    for update`);
  if (!season) throw new NotFound(['peakSeasonId'], text('peak season', '旺季'));
  requireApproves(viewer);
  if (season.version !== input.expectedVersion) throw new StaleVersion(season.version);
  if (season.cancelledAt !== null) throw new IllegalTransition('CANCELLED', 'CANCEL', []);
  await tx.prisma.peakSeason.update({
    where: { id: season.id },
    data: { cancelledAt: tx.now, version: { increment: 1 } },
  });
  await cancelObligations(tx, PEAK_SEASON, season.id);
  tx.audit({ action: 'peakSeasonCancel', subjectType: 'PeakSeason', subjectId: season.id });
  return { peakSeasonId: season.id };
}

function requireApproves(viewer: Viewer): void {
  if (!can(viewer, 'keyAccount', 'approve')) throw new Forbidden(rolesWith('keyAccount', 'approve'));
}

/** Tells seasons that come near, with the number of accounts that are served first; one statement for all. */
export const advanceSeasons: AdvanceObligations = async (tx, due) => {
  const rows = await tx.query<{ id: string; name: string; startsOn: string; accounts: number }>(sql`
    select p.id, p.name, p.starts_on::text as "startsOn", (
      select count(*)::int from key_account k join customer c on c.id = k.customer_id
      where k.ended_at is null and (p.industry is null or c.industry = p.industry)) as accounts
    from peak_season p
    where p.id = any(${due.map(({ subjectId }) => subjectId)}::uuid[]) and p.cancelled_at is null`);
  const seasons = new Map(rows.map((row) => [row.id, row]));
  return due.map(({ id, subjectId, step }) => {
    const season = seasons.get(subjectId);
    if (!season) return { id, state: 'CANCELLED', step, nextAt: null };
    tx.emit({
      kind: 'PEAK_SEASON_PREPARATION',
      subjectId: null,
      audience: { roles: ['KA_SUPERVISOR', 'OPERATIONS'] },
      payload: {
        peakSeasonId: season.id,
        name: season.name,
        startsOn: season.startsOn,
        accounts: season.accounts,
      },
      dedupeKey: `PEAK_SEASON_PREPARATION ${season.id}`,
    });
    return { id, state: 'MET', step: 1, nextAt: null };
  });
};
