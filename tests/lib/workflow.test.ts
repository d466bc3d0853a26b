import { describe, expect, it } from 'vitest';
import { IllegalTransition } from '../../src/lib/errors.ts';
import { allowedActions, transition, type Workflow } from '../../src/lib/workflow.ts';

type State = 'DRAFT' | 'SUBMITTED' | 'APPROVED';
type Action = 'SUBMIT' | 'APPROVE' | 'REFUSE';

const WORKFLOW: Workflow<State, Action> = {
  DRAFT: { SUBMIT: 'SUBMITTED' },
  SUBMITTED: { APPROVE: 'APPROVED', REFUSE: 'DRAFT' },
  APPROVED: {},
};

const STATES: readonly State[] = ['DRAFT', 'SUBMITTED', 'APPROVED'];
const ACTIONS: readonly Action[] = ['SUBMIT', 'APPROVE', 'REFUSE'];

describe('a workflow table', () => {
  it.each(STATES.flatMap((from) => ACTIONS.map((action) => ({ from, action, to: WORKFLOW[from][action] }))))(
    '$from, $action: $to',
    ({ from, action, to }) => {
      if (to !== undefined) return expect(transition(WORKFLOW, from, action)).toBe(to);
      let refusal: unknown;
      try {
        transition(WORKFLOW, from, action);
      } catch (error) {
        refusal = error;
      }
      expect(refusal).toBeInstanceOf(IllegalTransition);
      expect(refusal).toMatchObject({ from, to: action, allowed: Object.keys(WORKFLOW[from]) });
    },
  );

  it('says what is possible in a state', () => {
    expect(allowedActions(WORKFLOW, 'SUBMITTED')).toEqual(['APPROVE', 'REFUSE']);
    expect(allowedActions(WORKFLOW, 'APPROVED')).toEqual([]);
  });
});
