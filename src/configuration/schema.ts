import { z } from 'zod';
import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { nodeIdOf } from '../graphql/ids.ts';
import { answering } from '../graphql/lists.ts';
import { mutation, type SuccessFields } from '../graphql/mutation.ts';
import { nodeBy } from '../graphql/node.ts';
import { ActionRightType, SettingChangeStateType } from '../graphql/shared-types.ts';
import type { SettingDefinition } from '../platform/settings-register.ts';
import { settingDecide, settingPropose } from './commands.ts';
import { changesOfSetting, register, settingChangeById, type SettingChangeRow } from './queries.ts';
import { changeActions, stateOf } from './rules.ts';

const SettingOriginType = builder.enumType('SettingOrigin', {
  description: 'Where a default comes from.',
  values: {
    S: { description: 'Stated in a source: changing it departs from policy.' },
    D: { description: 'Proposed by the product, where the sources name no value.' },
  } as const,
});

const SettingChangeType = builder.objectRef<SettingChangeRow>('SettingChange').implement({
  description: 'A change of an entry of the register: dated, decided, kept (section 26).',
  fields: (t) => ({
    key: t.exposeString('key'),
    value: t.field({
      type: 'JSON',
      description: 'What the entry is to be.',
      resolve: (change) => change.value,
    }),
    validFrom: t.field({
      type: 'DateTime',
      description: 'From when it applies, once it is approved; not before that.',
      resolve: (change) => change.validFrom,
    }),
    state: t.field({ type: SettingChangeStateType, resolve: stateOf }),
    reason: t.exposeString('reason', { description: 'Why it was proposed.' }),
    proposedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (change, _args, { read }) => read.organisation.employees.get(change.proposedById) ?? null,
    }),
    proposedAt: t.field({ type: 'DateTime', resolve: (change) => change.proposedAt }),
    decidedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (change, _args, { read }) =>
        read.organisation.employees.get(change.approvedById ?? change.refusedById ?? '') ?? null,
    }),
    decidedAt: t.field({
      type: 'DateTime',
      nullable: true,
      resolve: (change) => change.approvedAt ?? change.refusedAt,
    }),
    decisionReason: t.exposeString('decisionReason', { nullable: true }),
    viewerCan: t.field({
      type: [ActionRightType],
      description: 'Whether the viewer may decide it now, and why not.',
      resolve: (change, _args, { read }) => changeActions(change, read.viewer),
    }),
  }),
});
nodeBy(SettingChangeType, settingChangeById);

const SettingType = builder.objectRef<SettingDefinition>('Setting').implement({
  description: 'An entry of the configuration register (section 26).',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'Stable, as the rulebook names it.' }),
    description: t.exposeString('description'),
    value: t.field({
      type: 'JSON',
      description: 'What applies now.',
      resolve: (definition, _args, { read }) => read.settings.get(definition),
    }),
    default: t.field({
      type: 'JSON',
      description: 'What applies while nobody has changed it.',
      resolve: (definition) => definition.default,
    }),
    accepts: t.field({
      type: 'JSON',
      description: 'A JSON Schema of the values that are accepted.',
      resolve: (definition) => z.toJSONSchema(definition.schema, { unrepresentable: 'any' }),
    }),
    origin: t.field({ type: SettingOriginType, resolve: (definition) => definition.origin }),
    source: t.exposeString('source', { description: 'The rules that use it.' }),
    changes: t.field({
      type: [SettingChangeType],
      description: 'Newest first, decided or not.',
      resolve: (definition, _args, { read }) => changesOfSetting.load(read, definition.key),
    }),
  }),
});

builder.queryField('settings', (t) =>
  t.field({
    type: [SettingType],
    description:
      'The configuration register. For ADMIN, HEAD, COMPANY_LEADER and INTERNAL_AUDITOR; FORBIDDEN for others.',
    resolve: (_root, _args, context) => answering(context, async () => [...register(context.read)]),
  }),
);

function changeField(t: SuccessFields<{ settingChangeId: string }>) {
  return {
    settingChange: t.field({
      type: SettingChangeType,
      nullable: true,
      description: 'Null when the viewer may no longer read it.',
      resolve: (done: { settingChangeId: string }, _args: unknown, { read }: Context) =>
        settingChangeById.load(read, done.settingChangeId),
    }),
  };
}

mutation('settingPropose', {
  description:
    'Proposes another value for an entry of the register: ADMIN. It applies once HEAD has approved it (section 26).',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    key: t.string({ required: true }),
    value: t.field({ type: 'JSON', required: true, description: 'As `Setting.accepts` says.' }),
    validFrom: t.field({
      type: 'DateTime',
      description: 'From when it is to apply; default: from its approval on.',
    }),
    reason: t.string({ required: true }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input) => settingPropose(tx, viewer, input),
  success: changeField,
});

mutation('settingDecide', {
  description:
    'Approves or refuses a proposed change, with the reason in writing: HEAD, and never the proposer (section 26).',
  errors: ['IllegalTransition'],
  input: (t) => ({
    settingChangeId: t.id({ required: true, ...nodeIdOf('SettingChange') }),
    approve: t.boolean({ required: true }),
    reason: t.string({ required: true }),
  }),
  run: (tx, viewer, input) => settingDecide(tx, viewer, input),
  success: changeField,
});
