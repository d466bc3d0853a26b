import { v7, validate } from 'uuid';

/** A new UUIDv7: grows with time, so that rows made together lie together. */
export function newId(): string {
  return v7();
}

export function isUuid(value: string): boolean {
  return validate(value);
}
