/** A span of time as limits state it. What a business day lasts, a calendar says. */
export interface Duration {
  /** Business days; a scaled duration may hold a part of one. */
  readonly days: number;
  readonly milliseconds: number;
}

export class InvalidDuration extends RangeError {
  override readonly name = 'InvalidDuration';

  constructor(text: string) {
    super(
      `"${text}" is no limit; accepted are ISO 8601 durations above zero in whole days, hours, minutes and seconds, ` +
        'such as PT30M, PT2H, PT1H30M, P1D or P1DT4H',
    );
  }
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

// At most 9,999 days and 99,999 of the others: more is a slip of the pen.
const DURATION = /^P(?=\d|T\d)(?:(\d{1,4})D)?(?:T(?=\d)(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,5})S)?)?$/;

/** Reads a limit such as PT30M or P1D; hours, minutes and seconds are summed into milliseconds. */
export function parseDuration(text: string): Duration {
  const parts = DURATION.exec(text);
  const [days, hours, minutes, seconds] = [1, 2, 3, 4].map((group) => Number(parts?.[group] ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  const milliseconds = hours * HOUR + minutes * MINUTE + seconds * SECOND;
  if (!parts || days + milliseconds === 0) throw new InvalidDuration(text);
  return { days, milliseconds };
}

/** Milliseconds as ISO 8601 in hours, minutes and seconds: PT27H30M. Days do not occur, their length is a calendar's. */
export function formatDuration(milliseconds: number): string {
  if (!Number.isInteger(milliseconds) || milliseconds < 0) {
    throw new RangeError(`A duration has whole milliseconds from 0 on, not ${milliseconds}`);
  }
  const hours = Math.floor(milliseconds / HOUR);
  const minutes = Math.floor((milliseconds % HOUR) / MINUTE);
  const seconds = (milliseconds % MINUTE) / SECOND;
  const parts = [hours && `${hours}H`, minutes && `${minutes}M`, seconds && `${seconds}S`].filter(Boolean);
  return `PT${parts.join('') || '0S'}`;
}

/** The duration times a factor, such as 0.5 for a key account. */
export function scaleDuration(duration: Duration, factor: number): Duration {
  return { days: duration.days * factor, milliseconds: duration.milliseconds * factor };
}
