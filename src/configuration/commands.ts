import { z } from 'zod';
import type { Prisma } from '../generated/prisma/client.ts';
import { Forbidden, InvalidInput, invalid, type Issue, Issues, NotFound } from '../lib/errors.ts';
import { text } from '../lib/text.ts';
import { rolesWith } from '../organisation/rules/permissions.ts';
import { can, type Viewer } from '../organisation/rules/viewer.ts';
import { type Command, once } from '../platform/command.ts';
import type { SettingDefinition } from '../platform/settings-register.ts';
import { sql } from '../platform/sql.ts';
import { constantViewer } from '../platform/visibility.ts';
import { settingOf } from '../settings.ts';
import { recomputeAfterSetting } from '../sla/commands/recompute.ts';
import { settingReadable } from './queries.ts';
import { decideChange, effectiveFrom } from './rules.ts';

const CHINESE = z.locales.zhCN().localeError;

/** A value as its setting keeps it; InvalidInput says for each part what is accepted. */
export function acceptValue(definition: SettingDefinition, value: unknown): Prisma.InputJsonValue {
  const read = definition.schema.safeParse(value);
  if (read.success) return read.data as Prisma.InputJsonValue;
  const chinese = definition.schema.safeParse(value, { error: CHINESE }).error?.issues ?? [];
  const example = JSON.stringify(definition.default);
  throw new InvalidInput(
    read.error.issues.map(
      ({ path, message }, index): Issue => ({
        path: ['value', ...path.map(String)],
        message: text(
          `${message}; accepted is a value such as the default ${example}`,
          `${chinese[index]?.message ?? message}；可参照默认值 ${example}`,
        ),
      }),
    ),
  );
}

export interface SettingProposeInput {
  readonly key: string;
  readonly value?: unknown;
  readonly validFrom?: Date | null;
  readonly reason: string;
  readonly idempotencyKey?: string | null;
}

/** Proposes another value for an entry of the register; it applies once HEAD has approved it (section 26). */
export async function settingPropose(
  tx: Command,
  viewer: Viewer,
  input: SettingProposeInput,
): Promise<{ settingChangeId: string }> {
  if (!can(viewer, 'setting', 'write')) throw new Forbidden(rolesWith('setting', 'write'));
  const definition = settingOf(input.key);
  if (!definition) throw invalid('key', text('a key of the register', '配置登记册中的键'));
  const value = acceptValue(definition, input.value);
  const issues = new Issues();
  issues.expect(
    input.validFrom == null || input.validFrom >= tx.now,
    'validFrom',
    text('not in the past', '不能早于当前时间'),
  );
  issues.expect(input.reason.trim() !== '', 'reason', text('why it changes', '变更原因'));
  issues.throwIfAny();
  const validFrom = input.validFrom ?? tx.now;
  const settingChangeId = await once(tx, 'settingPropose', input.idempotencyKey, input, async (id) => {
    await tx.prisma.setting.create({
      data: {
        id,
        key: definition.key,
        value,
        validFrom,
        proposedById: viewer.employeeId,
        proposedAt: tx.now,
        reason: input.reason.trim(),
      },
    });
    tx.audit({
      action: 'setting.PROPOSE',
      subjectType: 'Setting',
      subjectId: id,
      before: { key: definition.key, value: tx.settings.get(definition) },
      after: { key: definition.key, value, validFrom, reason: input.reason.trim() },
    });
  });
  return { settingChangeId };
}

export interface SettingDecideInput {
  readonly settingChangeId: string;
  readonly approve: boolean;
  readonly reason: string;
}

interface LockedChange {
  readonly id: string;
  readonly key: string;
  readonly value: unknown;
  readonly validFrom: Date;
  readonly proposedById: string;
  readonly approvedAt: Date | null;
  readonly refusedAt: Date | null;
}

/** Approves or refuses a proposed change, with the reason in writing: HEAD, and never the proposer. */
export async function settingDecide(
  tx: Command,
  viewer: Viewer,
  input: SettingDecideInput,
): Promise<{ settingChangeId: string }> {
  const [change] = await tx.query<LockedChange>(sql`
    select s.id, s.key, s.value, s.valid_from as "validFrom", s.proposed_by_id as "proposedById",
           s.approved_at as "approvedAt", s.refused_at as "refusedAt"
    from setting s
    where s.id = ${input.settingChangeId}::uuid and ${settingReadable(constantViewer(viewer, tx.now))}
    for update`);
  if (!change) throw new NotFound(['settingChangeId'], text('change of a setting', '配置变更'));
  const state = decideChange(change, input.approve ? 'APPROVE' : 'REFUSE', viewer);
  const decisionReason = input.reason.trim();
  if (decisionReason === '') throw invalid('reason', text('why it is decided so', '审批理由'));
  const definition = settingOf(change.key);
  // What was accepted when it was proposed may be refused by a newer version of the product.
  if (definition && state === 'APPROVED') acceptValue(definition, change.value);
  const validFrom = effectiveFrom(change.validFrom, tx.now);
  const data =
    state === 'APPROVED'
      ? { approvedById: viewer.employeeId, approvedAt: tx.now, validFrom, decisionReason }
      : { refusedById: viewer.employeeId, refusedAt: tx.now, decisionReason };
  await tx.prisma.setting.update({ where: { id: change.id }, data });
  if (state === 'APPROVED') await recomputeAfterSetting(tx, change.key, validFrom);
  tx.audit({
    action: `setting.${input.approve ? 'APPROVE' : 'REFUSE'}`,
    subjectType: 'Setting',
    subjectId: change.id,
    before: { key: change.key, ...(definition ? { value: tx.settings.get(definition) } : {}) },
    after: { key: change.key, value: change.value, state, ...data },
  });
  return { settingChangeId: change.id };
}
