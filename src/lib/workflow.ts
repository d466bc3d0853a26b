import { IllegalTransition } from './errors.ts';

/** A state machine as data: what each action makes of a state. An action that a state does not name is not possible in it. */
export type Workflow<State extends string, Action extends string> = Readonly<
  Record<State, Partial<Record<Action, State>>>
>;

/** The state that an action leads to; throws IllegalTransition, which says what is possible instead. */
export function transition<S extends string, A extends string>(
  workflow: Workflow<S, A>,
  from: S,
  action: A,
): S {
  const next = workflow[from][action];
  if (next === undefined) throw new IllegalTransition(from, action, allowedActions(workflow, from));
  return next;
}

/** The actions that are possible in a state, in the order of its table. */
export function allowedActions<S extends string, A extends string>(workflow: Workflow<S, A>, from: S): A[] {
  return Object.keys(workflow[from]) as A[];
}
