import type { Clock } from '../../src/platform/clock.ts';
import { zonedInstant } from '../../src/lib/periods.ts';

/** A clock that is moved by hand: for tests and for replaying history. */
export class ManualClock implements Clock {
  #now: number;

  constructor(start: Date | string) {
    this.#now = new Date(start).getTime();
  }

  now(): Date {
    return new Date(this.#now);
  }

  set(instant: Date | string): void {
    this.#now = new Date(instant).getTime();
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

/** An instant by its wall clock in the business time zone of the tests: "2026-11-23 09:00". */
export function shanghai(wallClock: string): Date {
  return new Date(zonedInstant(wallClock, 'Asia/Shanghai'));
}
