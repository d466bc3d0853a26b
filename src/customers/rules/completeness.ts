/** What each part of a file holds that can be asked of it (CUS-02, CUS-03, CUS-14). */
export const FILE_PARTS = {
  BASIC_DATA: ['name', 'contactPerson', 'phone', 'address', 'businessNeeds'],
  PROFILE: [
    'type',
    'industry',
    'fax',
    'email',
    'website',
    'scopeOfBusiness',
    'mainProducts',
    'industryPosition',
  ],
  CONTACTS: ['contact'],
  KEY_LEADERS: ['keyLeaderWithPhone'],
  CUSTODIAN: ['custodian'],
  CONTRACTS: ['contractNumber'],
  TRANSACTIONS: ['shipment'],
  VISITS: ['contactLog'],
  COMPLAINTS: ['complaint'],
  SATISFACTION: ['satisfaction'],
  CREDIT: ['creditLimit', 'paymentTermDays'],
  RELATIONSHIP_PLAN: ['relationshipPlan'],
} as const satisfies Record<string, readonly string[]>;

export type FilePart = keyof typeof FILE_PARTS;

export type FileItem = (typeof FILE_PARTS)[FilePart][number];

/** All items in one order, part by part. */
export const FILE_ITEMS: readonly { readonly part: FilePart; readonly item: FileItem }[] = (
  Object.entries(FILE_PARTS) as [FilePart, readonly FileItem[]][]
).flatMap(([part, items]) => items.map((item) => ({ part, item })));

/** How a part of a file stands. */
export interface PartState {
  readonly part: FilePart;
  /** How many items the customer's grade asks for; 0 for a part that is not required of it. */
  readonly required: number;
  readonly filled: number;
  /** Required items that are not there. */
  readonly missing: readonly FileItem[];
}

export interface Completeness {
  readonly complete: boolean;
  /** Filled of required items in whole percent, rounded down: only a complete file has 100. */
  readonly score: number;
  readonly parts: readonly PartState[];
}

/** A file's score, explained part by part (CUS-03, CUS-14). `filled` is by FILE_ITEMS. */
export function completenessOf(
  filled: readonly boolean[],
  requiredParts: ReadonlySet<FilePart>,
): Completeness {
  const parts = (Object.keys(FILE_PARTS) as FilePart[]).map((part): PartState => {
    const items = FILE_ITEMS.flatMap((entry, at) =>
      entry.part === part ? [{ item: entry.item, filled: filled[at] === true }] : [],
    );
    const required = requiredParts.has(part);
    return {
      part,
      required: required ? items.length : 0,
      filled: items.filter((item) => item.filled).length,
      missing: required ? items.flatMap(({ item, filled: there }) => (there ? [] : [item])) : [],
    };
  });
  const asked = parts.filter(({ required }) => required > 0);
  const required = asked.reduce((sum, part) => sum + part.required, 0);
  const there = asked.reduce((sum, part) => sum + part.filled, 0);
  return {
    complete: there === required,
    score: required === 0 ? 100 : Math.floor((100 * there) / required),
    parts,
  };
}
