/** The instants that decide when a line counts. */
interface Times {
  readonly acceptedAt: Date | null;
  readonly promisedAt: Date | null;
  readonly deliveredAt: Date | null;
}

/** The instant by which volume is counted: accepted, else delivered, else promised; null where none is known. */
export function countedAt({ acceptedAt, deliveredAt, promisedAt }: Times): Date | null {
  return acceptedAt ?? deliveredAt ?? promisedAt;
}
