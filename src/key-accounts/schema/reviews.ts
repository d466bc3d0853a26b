import { reviewRecording } from '../commands/reviews.ts';
import { HANDOVER, REVIEW } from '../rules/record-specs.ts';
import { listOfAccount, recordMutation, recordType } from './records.ts';

listOfAccount(recordType(HANDOVER));

const review = recordType(REVIEW);
listOfAccount(review);
recordMutation(review, {
  description:
    'Records the service review of an account for the period that runs, once (KEY-17). Meets the duty of the period, and proposes another level where the target gives one (KEY-03).',
  recording: reviewRecording,
});
