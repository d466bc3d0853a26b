import { builder } from '../../graphql/builder.ts';
import { nodeIdOf } from '../../graphql/ids.ts';
import { listTypes, rootList } from '../../graphql/lists.ts';
import { mutation, type SuccessFields } from '../../graphql/mutation.ts';
import { nodeBy } from '../../graphql/node.ts';
import { peakSeasonAdd, peakSeasonCancel } from '../commands/seasons.ts';
import { SEASON_FIELDS, seasonById, seasonList, type SeasonRow } from '../queries/seasons.ts';

const SeasonType = builder.objectRef<SeasonRow>('PeakSeason').implement({
  description:
    'A time of peak need, before which space and carriage are arranged and key accounts served first (KEY-12). Read by who may know of key accounts.',
  fields: (t) => ({
    name: t.exposeString('name'),
    industry: t.exposeString('industry', {
      nullable: true,
      description: 'Whose season it is; null for every industry.',
    }),
    startsOn: t.field({ type: 'Date', description: 'Its first day.', resolve: (row) => row.startsOn }),
    endsOn: t.field({ type: 'Date', description: 'Its last day.', resolve: (row) => row.endsOn }),
    preparation: t.exposeString('preparation', { nullable: true, description: 'What is arranged.' }),
    recordedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.recordedById) ?? null,
    }),
    recordedAt: t.field({ type: 'DateTime', resolve: (row) => row.recordedAt }),
    cancelledAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Since when it is no part of the calendar.',
      resolve: (row) => row.cancelledAt,
    }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(SeasonType, seasonById);
rootList('peakSeasons', listTypes<SeasonRow>('PeakSeason', SeasonType, SEASON_FIELDS), {
  description: 'The calendar of peak seasons.',
  source: seasonList,
});

function seasonField(t: SuccessFields<{ peakSeasonId: string }>) {
  return {
    peakSeason: t.field({
      type: SeasonType,
      nullable: true,
      description: 'Null when the viewer may not read it.',
      resolve: (done, _args, { read }) => seasonById.load(read, done.peakSeasonId),
    }),
  };
}

mutation('peakSeasonAdd', {
  description:
    'Enters a season of peak need. PEAK_SEASON_PREPARATION tells it keyAccount.peakNoticeDays before (KEY-12). KA_SUPERVISOR or HEAD.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    name: t.string({ required: true, description: 'At most 200 characters.' }),
    industry: t.string({ description: 'As customers have it; every industry without it.' }),
    startsOn: t.field({ type: 'Date', required: true, description: 'A day to come.' }),
    endsOn: t.field({ type: 'Date', required: true, description: 'Its last day.' }),
    preparation: t.string({ description: 'What is arranged, in up to 5,000 characters.' }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input, read) => peakSeasonAdd(tx, viewer, input, read),
  success: seasonField,
});

mutation('peakSeasonCancel', {
  description: 'Takes a season out of the calendar. KA_SUPERVISOR or HEAD.',
  errors: ['StaleVersion', 'IllegalTransition'],
  input: (t) => ({
    peakSeasonId: t.id({ required: true, ...nodeIdOf('PeakSeason') }),
    expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input) => peakSeasonCancel(tx, viewer, input),
  success: seasonField,
});
