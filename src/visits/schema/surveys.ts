import { builder } from '../../graphql/builder.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { globalId, nodeIdOf } from '../../graphql/ids.ts';
import { listTypes, rootList } from '../../graphql/lists.ts';
import { mutation, type SuccessFields } from '../../graphql/mutation.ts';
import { nodeBy } from '../../graphql/node.ts';
import { visitSurveyClose, visitSurveyRecord } from '../commands/surveys.ts';
import { SURVEY_FIELDS, surveyById, surveyList, type SurveyRow } from '../queries/surveys.ts';

const SurveyType = builder.objectRef<SurveyRow>('VisitSurvey').implement({
  description:
    'The company’s survey on a visit (VIS-12, FRM-08): the visit has customer, visitor and date. Read where the visit is.',
  fields: (t) => ({
    visitId: t.id({
      description: '`node` has the visit.',
      resolve: (row) => globalId('Visit', row.visitId),
    }),
    state: t.field({ type: ENUMS.VisitSurveyState, resolve: (row) => row.state }),
    opinions: t.exposeString('opinions', { description: 'What the customer said.' }),
    answers: t.exposeString('answers', { nullable: true, description: 'What was answered.' }),
    visitorComment: t.exposeString('visitorComment', { description: "The visitor's view." }),
    supervisorComment: t.exposeString('supervisorComment', {
      nullable: true,
      description: "The supervisor's view, once closed.",
    }),
    createdAt: t.field({ type: 'DateTime', resolve: (row) => row.createdAt }),
    closedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.closedById ?? '') ?? null,
    }),
    closedAt: t.field({ type: 'DateTime', nullable: true, resolve: (row) => row.closedAt }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});
nodeBy(SurveyType, surveyById);
rootList('visitSurveys', listTypes<SurveyRow>('VisitSurvey', SurveyType, SURVEY_FIELDS), {
  description:
    'Surveys on the visits that the viewer may read: `where: {state: {eq: OPEN}}` for a supervisor.',
  source: surveyList,
});

function surveyField(t: SuccessFields<{ surveyId: string }>) {
  return {
    survey: t.field({
      type: SurveyType,
      nullable: true,
      resolve: (done, _args, { read }) => surveyById.load(read, done.surveyId),
    }),
  };
}

const WORDS = 'At most 10,000 characters.';

mutation('visitSurveyRecord', {
  description: 'Fills in the survey on a visit that was made (VIS-12, FRM-08): once, by its visitor.',
  errors: ['IllegalTransition'],
  input: (t) => ({
    visitId: t.id({ required: true, ...nodeIdOf('Visit') }),
    opinions: t.string({ required: true, description: `What the customer said. ${WORDS}` }),
    answers: t.string({ description: `What was answered. ${WORDS}` }),
    visitorComment: t.string({ required: true, description: WORDS }),
  }),
  run: (tx, viewer, input) => visitSurveyRecord(tx, viewer, input),
  success: surveyField,
});

mutation('visitSurveyClose', {
  description:
    'Closes a survey with the view of HEAD, SALES_SUPERVISOR, CS_SUPERVISOR or KA_SUPERVISOR, who did not make the visit (VIS-12).',
  errors: ['IllegalTransition', 'StaleVersion'],
  input: (t) => ({
    surveyId: t.id({ required: true, ...nodeIdOf('VisitSurvey') }),
    supervisorComment: t.string({ required: true, description: WORDS }),
    expectedVersion: t.int({ description: 'The version that was read.' }),
  }),
  run: (tx, viewer, input) => visitSurveyClose(tx, viewer, input),
  success: surveyField,
});
