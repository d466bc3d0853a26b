import type { Customer } from '../generated/prisma/client.ts';
import type { CustomerGrade, CustomerLifecycle } from '../generated/prisma/enums.ts';
import { IllegalTransition } from '../lib/errors.ts';

/** Facts of a file between which a merge chooses, one by one. */
export const MERGED_FACTS = [
  'name',
  'businessLine',
  'type',
  'industry',
  'areaId',
  'ownerId',
  'contactPerson',
  'phone',
  'address',
  'businessNeeds',
  'registrationNumber',
  'fax',
  'email',
  'website',
  'scopeOfBusiness',
  'mainProducts',
  'industryPosition',
  'infoSource',
  'invoiceTitle',
  'taxNumber',
  'creditLimit',
  'paymentTermDays',
] as const satisfies readonly (keyof Customer)[];

export type MergedFact = (typeof MERGED_FACTS)[number];

type Filed = Pick<
  Customer,
  | MergedFact
  | 'lifecycle'
  | 'grade'
  | 'gradedAt'
  | 'custodianId'
  | 'informationObtainedAt'
  | 'verifiedAt'
  | 'registeredAt'
  | 'contractNumber'
  | 'contractSignedAt'
  | 'source'
  | 'externalId'
  | 'createdAt'
>;

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === 'string' && value.trim() === '');
}

/** Facts that are to be taken from a duplicate which does not have them. */
export function emptyChoices(
  duplicate: Pick<Customer, MergedFact>,
  take: readonly MergedFact[],
): MergedFact[] {
  return take.filter((fact) => isEmpty(duplicate[fact]));
}

/** Earlier stages first: of two records of one customer the one that got further says how far it got (CUS-36). */
const STAGES: readonly CustomerLifecycle[] = ['TARGET', 'LEAD', 'QUALIFIED', 'LOST', 'DORMANT', 'ACTIVE'];

function furtherStage(one: CustomerLifecycle, other: CustomerLifecycle): CustomerLifecycle {
  return STAGES.indexOf(one) >= STAGES.indexOf(other) ? one : other;
}

/** What stands in a closed file stays closed: grade A where one of both is, else the survivor's grade, if it has one. */
function mergedGrade(survivor: CustomerGrade | null, duplicate: CustomerGrade | null): CustomerGrade | null {
  if (survivor === 'A' || duplicate === 'A') return 'A';
  return survivor ?? duplicate;
}

function later(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other;
  return one > other ? one : other;
}

/**
 * What the survivor's file says after a merge, as far as it changes: its own facts, but for those that were chosen from
 * the duplicate and those that it does not have. A contract goes as a whole, and so does where a customer came from.
 */
export function mergedFile(survivor: Filed, duplicate: Filed, take: readonly MergedFact[]): Partial<Filed> {
  const facts = Object.fromEntries(
    MERGED_FACTS.map((fact) => [
      fact,
      (take.includes(fact) || isEmpty(survivor[fact])) && !isEmpty(duplicate[fact])
        ? duplicate[fact]
        : survivor[fact],
    ]),
  ) as Pick<Filed, MergedFact>;
  const grade = mergedGrade(survivor.grade, duplicate.grade);
  const contract = survivor.contractNumber === null ? duplicate : survivor;
  const origin = survivor.externalId === null ? duplicate : survivor;
  const merged: Filed = {
    ...facts,
    lifecycle: furtherStage(survivor.lifecycle, duplicate.lifecycle),
    grade,
    gradedAt: grade === survivor.grade ? survivor.gradedAt : duplicate.gradedAt,
    custodianId: survivor.custodianId ?? duplicate.custodianId,
    informationObtainedAt: later(survivor.informationObtainedAt, duplicate.informationObtainedAt),
    verifiedAt: survivor.verifiedAt,
    registeredAt: contract.registeredAt ?? survivor.registeredAt ?? duplicate.registeredAt,
    contractNumber: contract.contractNumber,
    contractSignedAt: contract.contractSignedAt,
    source: origin.source,
    externalId: origin.externalId,
    createdAt: survivor.createdAt < duplicate.createdAt ? survivor.createdAt : duplicate.createdAt,
  };
  return Object.fromEntries(
    Object.entries(merged).filter(([name, value]) => String(value) !== String(survivor[name as keyof Filed])),
  );
}

/** What may stand against a merge. */
export interface MergeFacts {
  /** Whether each is or was a key account: such an account has records of its own, and a customer one account. */
  readonly survivorHasAccount: boolean;
  readonly duplicateHasAccount: boolean;
  /** A promotion or change of level of the duplicate waits for its approval. */
  readonly proposalPending: boolean;
  /** What each contract promises, where it does. */
  readonly survivorCalendar: string | null;
  readonly duplicateCalendar: string | null;
}

/** Why two customers cannot be merged now; null where nothing stands against it. */
export function mergeObstacle(facts: MergeFacts): string | null {
  if (facts.survivorHasAccount && facts.duplicateHasAccount) return 'BOTH_KEY_ACCOUNTS';
  if (facts.proposalPending) return 'KEY_ACCOUNT_PROPOSAL_PENDING';
  if (
    facts.survivorCalendar !== null &&
    facts.duplicateCalendar !== null &&
    facts.survivorCalendar !== facts.duplicateCalendar
  )
    return 'SERVICE_CALENDARS_DIFFER';
  return null;
}

export function requireNoObstacle(facts: MergeFacts): void {
  const obstacle = mergeObstacle(facts);
  if (obstacle) throw new IllegalTransition(obstacle, 'MERGE', []);
}
