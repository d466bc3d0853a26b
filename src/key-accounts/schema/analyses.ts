import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import type { RecordRow } from '../queries/records.ts';
import { healthOfAccounts, type Indicators, indicatorsOf } from '../queries/health.ts';
import type { Figure } from '../rules/analyses.ts';
import type { ComponentOfHealth, Health } from '../rules/health.ts';
import { ANALYSIS } from '../rules/record-specs.ts';
import { recordType } from './records.ts';

const FigureType = builder.objectRef<Figure>('KeyAccountFigure').implement({
  description: 'A figure of an analysis.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Such as changeToPeriodBefore, in percent.' }),
    value: t.exposeString('value', {
      nullable: true,
      description: 'Null where there was nothing to compare with.',
    }),
  }),
});

recordType(ANALYSIS, (t) => ({
  figures: t.field({
    type: [FigureType],
    description: 'Worked out from the facts of the period.',
    resolve: (row: RecordRow) => row.figures,
  }),
}));

const ComponentEnum = builder.enumType('HealthComponent', {
  description: 'What the health of an account is made of.',
  values: {
    ACHIEVEMENT: { description: 'Revenue of twelve months against the annual target.' },
    GROWTH: { description: 'Revenue of the days looked at against as many before; 50 where it is the same.' },
    RELIABILITY: { description: 'Lines delivered by the promised time.' },
    COMPLAINTS: { description: '100 without complaints, 20 less for each.' },
    CONTACT: { description: 'Weeks in which the call minimum was met.' },
  } as const,
});

const ComponentType = builder.objectRef<ComponentOfHealth>('KeyAccountHealthComponent').implement({
  description: 'A part of the health of an account, and what it adds to the score.',
  fields: (t) => ({
    component: t.field({ type: ComponentEnum, resolve: (part) => part.component }),
    weight: t.exposeInt('weight', { description: 'From keyAccount.healthWeights.' }),
    value: t.exposeInt('value', { nullable: true, description: '0 to 100; null where there are no facts.' }),
    trend: t.exposeInt('trend', {
      nullable: true,
      description: 'Change of the value against the stretch before.',
    }),
    points: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'What it adds to the score: value × weight ÷ the weights of all parts with facts.',
      resolve: (part) => part.points,
    }),
  }),
});

const HealthType = builder.objectRef<Health>('KeyAccountHealth').implement({
  description: 'A score of an account that explains itself: the points of its components add up to it.',
  fields: (t) => ({
    score: t.field({
      type: 'Decimal',
      nullable: true,
      description: '0 to 100; null where nothing is known.',
      resolve: (health) => health.score,
    }),
    components: t.field({
      type: [ComponentType],
      description: 'All of them.',
      resolve: (health) => [...health.components],
    }),
  }),
});

const IndicatorsType = builder.objectRef<Indicators>('KeyAccountIndicators').implement({
  description: 'What care of an account aims at (KEY-02): satisfaction, loyalty, and not losing it.',
  fields: (t) => ({
    satisfied: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Complaints of twelve months closed as satisfied, in percent; null where none was closed.',
      resolve: (row) => row.satisfied,
    }),
    activeMonths: t.exposeInt('activeMonths', {
      description: 'Loyalty: months with a delivery in the last twelve months.',
    }),
    churnReasons: t.stringList({
      description: 'Why it may be lost now (EVT-33); empty where nothing says so.',
      resolve: (row) => [...row.reasons],
    }),
  }),
});

builder.objectFields('KeyAccountFile' as never, (t) => {
  // biome-ignore lint/suspicious/noExplicitAny: a type of another file of the area is named by its name.
  const fields = t as any;
  return {
    health: fields.field({
      type: HealthType,
      nullable: true,
      description: 'A score of the account, with each of its parts.',
      resolve: (row: { id: string }, _args: unknown, { read }: Context) =>
        healthOfAccounts.load(read, row.id),
    }),
    indicators: fields.field({
      type: IndicatorsType,
      nullable: true,
      description: 'Satisfaction, loyalty and risk of loss (KEY-02).',
      resolve: (row: { id: string }, _args: unknown, { read }: Context) => indicatorsOf.load(read, row.id),
    }),
  };
});
