/** Where time comes from. Everything below the composition root is given `now` and never asks the machine. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
