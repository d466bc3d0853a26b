import { GraphQLError } from 'graphql';
import type { Locale } from '../lib/text.ts';
import type { Reader } from '../organisation/queries.ts';
import type { Viewer } from '../organisation/rules/viewer.ts';
import type { AuditEntry } from '../platform/audit.ts';
import type { Command } from '../platform/command.ts';
import type { SignedLinks } from '../platform/signed-links.ts';

/** What every resolver is given. One per request, and one per batch of live events. */
export interface Context {
  readonly requestId: string;
  readonly now: Date;
  readonly locale: Locale;
  readonly currency: string;
  /** Null for a caller without a token; every root field but `__typename` refuses such a caller. */
  readonly viewer: Viewer | null;
  /** The read side, for the viewer. Throws UNAUTHENTICATED when there is none. */
  readonly read: Reader;
  /** Runs a command in the one transaction of a mutation. */
  run<Result>(work: (tx: Command, viewer: Viewer) => Promise<Result>): Promise<Result>;
  /** Signs links that open without a token. */
  readonly links: SignedLinks;
  /** Notes a refused read of a customer's file; written once per request (PRM-05, EVT-37). */
  refusedRead(customerId: string): void;
  /** Notes reads that the rules want recorded; written once per request. */
  recordRead(entry: AuditEntry): void;
  /** Writes what was noted above; called once when the execution is over. */
  settle(): Promise<void>;
}

export function unauthenticated(reason: string): GraphQLError {
  return new GraphQLError(reason, { extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } } });
}
