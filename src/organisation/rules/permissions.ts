import type { Role } from '../../generated/prisma/enums.ts';

/** What the columns of rulebook section 23 are about. */
export type Resource =
  | 'customerFile'
  | 'customerFileA'
  | 'customerBilling'
  | 'fileCompleteness'
  | 'accessGrant'
  | 'grading'
  | 'customerReport'
  | 'workReport'
  | 'keyAccount'
  | 'keyAccountIncentive'
  | 'keyAccountAnalysis'
  | 'contactLog'
  | 'ticket'
  | 'kpi'
  | 'kpiTarget'
  | 'budget'
  | 'setting'
  | 'webhook'
  | 'export'
  | 'approval'
  | 'approvalDelegation'
  | 'duty'
  | 'knowledge'
  | 'auditLog';

/**
 * Verbs of the matrix: `read` sees everything, `mask` sees the card, `write` changes, `approve` decides, `propose`
 * and `request` ask somebody else to. Approve includes read.
 */
export type Verb = 'read' | 'mask' | 'write' | 'approve' | 'propose' | 'request';

/**
 * How far a right reaches. Each resource says in SQL what its scopes mean; a scope a resource does not know reaches
 * nothing there.
 *
 * ALL everything · AREA the areas assigned to the person · DEPARTMENT the own department · ASSIGNED customers and
 * records the person is assigned to · DEDICATED dedicated assignments · GRANT customers with an approved access
 * request · TICKET_NEED customers of open tickets the person handles · KEY key accounts · KEY_ASSIGNED key accounts
 * of the person · PUBLISHED articles that are published · PATROLS reports on patrols · PLANS visit plans · HANDLER tickets the person handles, opened or is responsible for · TEAM the own team's queue ·
 * CUSTOMERS tickets of customers the person is assigned to · SALE tickets of the selling process · SALE_CUSTOMERS those of customers the person is
 * assigned to · DISPATCHED tickets
 * passed to the own department · CLAIMS tickets with a claim for money · OWN figures about the person · SERVICE
 * service figures.
 */
export type Scope =
  | 'ALL'
  | 'AREA'
  | 'DEPARTMENT'
  | 'ASSIGNED'
  | 'DEDICATED'
  | 'GRANT'
  | 'TICKET_NEED'
  | 'KEY'
  | 'KEY_ASSIGNED'
  | 'PUBLISHED'
  | 'PATROLS'
  | 'PLANS'
  | 'HANDLER'
  | 'TEAM'
  | 'CUSTOMERS'
  | 'SALE'
  | 'SALE_CUSTOMERS'
  | 'DISPATCHED'
  | 'CLAIMS'
  | 'OWN'
  | 'SERVICE';

type Cell = Partial<Record<Verb, readonly Scope[]>>;

/** All roles, in the rulebook's order. */
export const ROLES = [
  'COMPANY_LEADER',
  'HEAD',
  'DEPUTY',
  'SALES_SUPERVISOR',
  'CS_SUPERVISOR',
  'KA_SUPERVISOR',
  'KA_SPECIALIST',
  'ACCOUNT_MANAGER_LOGISTICS',
  'ACCOUNT_MANAGER_LEASING',
  'SALES_REP',
  'MARKET_DEVELOPER',
  'CS_AGENT',
  'DATA_ANALYST',
  'MARKETING_CLERK',
  'FINANCE',
  'HR',
  'OPERATIONS',
  'QUALITY',
  'OTHER_DEPARTMENT',
  'INTERNAL_AUDITOR',
  'ADMIN',
] as const satisfies readonly Role[];

const NOTHING: Cell = {};
const READ_ALL: Cell = { read: ['ALL'] };
const CARD: Cell = { mask: ['ALL'] };
const REQUEST: Cell = { request: ['ALL'] };

/**
 * An account manager's, sales representative's or developer's rights on files: their own customers. Whoever may ask
 * for access reads what was granted (CUS-18): a granted request that opens nothing would be an empty word.
 */
const OWN_FILES: Cell = { read: ['ASSIGNED', 'GRANT'], write: ['ASSIGNED'], mask: ['ALL'] };
const IF_DEDICATED: Cell = { read: ['DEDICATED'], mask: ['ALL'] };
const WRITE_IF_DEDICATED: Cell = { read: ['DEDICATED'], write: ['DEDICATED'], mask: ['ALL'] };
const BY_GRANT: Cell = { read: ['GRANT'], propose: ['ALL'], mask: ['ALL'] };
const DISPATCHED: Cell = { read: ['DISPATCHED', 'HANDLER'], write: ['DISPATCHED', 'HANDLER'] };
const ACCOUNT_MANAGER_TICKETS: Cell = { read: ['CUSTOMERS', 'HANDLER'], write: ['CUSTOMERS', 'HANDLER'] };
const KEY_ACCOUNT_READER: Cell = { read: ['ASSIGNED'], mask: ['ALL'] };
const CONFIRM_GRADES: Cell = { read: ['ALL'], approve: ['ALL'], propose: ['ALL'] };
const OWN_CONTACTS: Cell = { read: ['ASSIGNED'], write: ['ASSIGNED'] };

/**
 * The permission table of rulebook section 23, a column at a time. Masked cards of files that are not one's own
 * follow CUS-17 and PRM-05: a person who may know of customers at all sees the card, only HR and ADMIN see none.
 */
export const PERMISSIONS: Record<Resource, Record<Role, Cell>> = {
  customerFile: {
    COMPANY_LEADER: READ_ALL,
    HEAD: { read: ['ALL'], write: ['ALL'] },
    DEPUTY: { read: ['AREA'], write: ['AREA'], mask: ['ALL'] },
    SALES_SUPERVISOR: { read: ['ALL'], write: ['ALL'] },
    CS_SUPERVISOR: { read: ['ALL'], write: ['ALL'] },
    KA_SUPERVISOR: { read: ['KEY', 'ASSIGNED', 'GRANT'], mask: ['ALL'] },
    KA_SPECIALIST: OWN_FILES,
    ACCOUNT_MANAGER_LOGISTICS: OWN_FILES,
    ACCOUNT_MANAGER_LEASING: OWN_FILES,
    SALES_REP: OWN_FILES,
    MARKET_DEVELOPER: OWN_FILES,
    CS_AGENT: { read: ['TICKET_NEED', 'GRANT'], propose: ['ALL'], mask: ['ALL'] },
    DATA_ANALYST: READ_ALL,
    MARKETING_CLERK: { read: ['ALL'], write: ['ALL'] },
    FINANCE: { read: ['GRANT'], mask: ['ALL'] },
    HR: NOTHING,
    OPERATIONS: BY_GRANT,
    QUALITY: BY_GRANT,
    OTHER_DEPARTMENT: BY_GRANT,
    INTERNAL_AUDITOR: READ_ALL,
    ADMIN: NOTHING,
  },
  customerFileA: {
    COMPANY_LEADER: CARD,
    HEAD: { read: ['ALL'], write: ['ALL'] },
    DEPUTY: IF_DEDICATED,
    SALES_SUPERVISOR: IF_DEDICATED,
    CS_SUPERVISOR: IF_DEDICATED,
    KA_SUPERVISOR: IF_DEDICATED,
    KA_SPECIALIST: WRITE_IF_DEDICATED,
    ACCOUNT_MANAGER_LOGISTICS: WRITE_IF_DEDICATED,
    ACCOUNT_MANAGER_LEASING: WRITE_IF_DEDICATED,
    SALES_REP: WRITE_IF_DEDICATED,
    MARKET_DEVELOPER: WRITE_IF_DEDICATED,
    CS_AGENT: CARD,
    DATA_ANALYST: CARD,
    MARKETING_CLERK: CARD,
    FINANCE: CARD,
    HR: NOTHING,
    OPERATIONS: CARD,
    QUALITY: CARD,
    OTHER_DEPARTMENT: CARD,
    INTERNAL_AUDITOR: CARD,
    ADMIN: NOTHING,
  },
  customerBilling: everybody(NOTHING, { FINANCE: READ_ALL }),
  // CFL-28: of grade A files too, what is there and what is missing; not what it says.
  fileCompleteness: everybody(NOTHING, { MARKETING_CLERK: READ_ALL }),
  accessGrant: everybody(REQUEST, {
    COMPANY_LEADER: NOTHING,
    HEAD: { approve: ['ALL'], read: ['ALL'] },
    DEPUTY: { approve: ['AREA'], read: ['AREA'] },
    HR: NOTHING,
    INTERNAL_AUDITOR: READ_ALL,
    ADMIN: NOTHING,
  }),
  // CFL-33: who proposes grades and who confirms them. Read: how many customers have which grade, and what others would.
  grading: everybody(NOTHING, {
    COMPANY_LEADER: READ_ALL,
    HEAD: CONFIRM_GRADES,
    SALES_SUPERVISOR: CONFIRM_GRADES,
    CS_SUPERVISOR: CONFIRM_GRADES,
    KA_SPECIALIST: { propose: ['ASSIGNED'] },
    ACCOUNT_MANAGER_LOGISTICS: { propose: ['ASSIGNED'] },
    ACCOUNT_MANAGER_LEASING: { propose: ['ASSIGNED'] },
    SALES_REP: { propose: ['ASSIGNED'] },
    MARKET_DEVELOPER: { propose: ['ASSIGNED'] },
    CS_AGENT: { propose: ['ALL'] },
    DATA_ANALYST: READ_ALL,
    INTERNAL_AUDITOR: READ_ALL,
  }),
  // The column of KPI, plans and profit, and FRM-10's "prepared, filled, reviewed by".
  customerReport: everybody(NOTHING, {
    COMPANY_LEADER: READ_ALL,
    HEAD: { read: ['ALL'], write: ['ALL'], approve: ['ALL'] },
    DEPUTY: { read: ['AREA'] },
    SALES_SUPERVISOR: { read: ['ALL'], write: ['ALL'], approve: ['ALL'] },
    CS_SUPERVISOR: { read: ['ALL'], write: ['ALL'] },
    DATA_ANALYST: { read: ['ALL'], write: ['ALL'] },
    MARKETING_CLERK: { read: ['ALL'], write: ['ALL'] },
    INTERNAL_AUDITOR: READ_ALL,
  }),
  // VIS-03, VIS-07..09: whom plans and reports are for. Everybody reads and submits the own ones.
  workReport: everybody(NOTHING, {
    COMPANY_LEADER: READ_ALL,
    HEAD: { read: ['ALL'], approve: ['ALL'] },
    SALES_SUPERVISOR: { read: ['PLANS'] },
    CS_SUPERVISOR: { read: ['PATROLS'], write: ['PATROLS'] },
    INTERNAL_AUDITOR: READ_ALL,
  }),
  keyAccount: {
    COMPANY_LEADER: READ_ALL,
    HEAD: { read: ['ALL'], approve: ['ALL'] },
    DEPUTY: { read: ['AREA'], mask: ['ALL'] },
    SALES_SUPERVISOR: READ_ALL,
    CS_SUPERVISOR: READ_ALL,
    KA_SUPERVISOR: { read: ['ALL'], write: ['ALL'], approve: ['ALL'] },
    KA_SPECIALIST: { read: ['ASSIGNED', 'KEY_ASSIGNED'], write: ['ASSIGNED', 'KEY_ASSIGNED'], mask: ['ALL'] },
    ACCOUNT_MANAGER_LOGISTICS: KEY_ACCOUNT_READER,
    ACCOUNT_MANAGER_LEASING: KEY_ACCOUNT_READER,
    SALES_REP: KEY_ACCOUNT_READER,
    MARKET_DEVELOPER: NOTHING,
    CS_AGENT: CARD,
    DATA_ANALYST: READ_ALL,
    MARKETING_CLERK: KEY_ACCOUNT_READER,
    FINANCE: NOTHING,
    HR: NOTHING,
    OPERATIONS: CARD,
    QUALITY: CARD,
    OTHER_DEPARTMENT: CARD,
    INTERNAL_AUDITOR: READ_ALL,
    ADMIN: NOTHING,
  },
  // Beside who reads the account: FINANCE approves what is paid back, and pays it (KEY-07).
  keyAccountIncentive: everybody(NOTHING, { FINANCE: { read: ['ALL'], write: ['ALL'] } }),
  // KEY-08: leaders and key account staff.
  keyAccountAnalysis: everybody(NOTHING, {
    COMPANY_LEADER: READ_ALL,
    HEAD: READ_ALL,
    KA_SUPERVISOR: READ_ALL,
    KA_SPECIALIST: { read: ['KEY_ASSIGNED'] },
  }),
  contactLog: everybody(NOTHING, {
    COMPANY_LEADER: READ_ALL,
    HEAD: { read: ['ALL'], write: ['ALL'] },
    DEPUTY: { read: ['AREA'], write: ['AREA'] },
    SALES_SUPERVISOR: { read: ['ALL'], write: ['ALL'] },
    CS_SUPERVISOR: { read: ['ALL'], write: ['ALL'] },
    KA_SUPERVISOR: { read: ['KEY'], write: ['KEY'] },
    KA_SPECIALIST: { read: ['ASSIGNED', 'KEY_ASSIGNED'], write: ['ASSIGNED', 'KEY_ASSIGNED'] },
    ACCOUNT_MANAGER_LOGISTICS: OWN_CONTACTS,
    ACCOUNT_MANAGER_LEASING: OWN_CONTACTS,
    SALES_REP: OWN_CONTACTS,
    MARKET_DEVELOPER: OWN_CONTACTS,
    CS_AGENT: OWN_CONTACTS,
    DATA_ANALYST: READ_ALL,
    MARKETING_CLERK: READ_ALL,
    INTERNAL_AUDITOR: READ_ALL,
  }),
  ticket: {
    COMPANY_LEADER: READ_ALL,
    HEAD: { read: ['ALL'], write: ['ALL'], approve: ['ALL'] },
    DEPUTY: { read: ['AREA', 'HANDLER'], write: ['AREA', 'HANDLER'] },
    SALES_SUPERVISOR: { read: ['ALL'], write: ['SALE', 'HANDLER', 'TEAM', 'CUSTOMERS'] },
    CS_SUPERVISOR: { read: ['ALL'], write: ['ALL'], approve: ['ALL'] },
    KA_SUPERVISOR: { read: ['KEY', 'HANDLER', 'TEAM'], write: ['KEY', 'HANDLER', 'TEAM'] },
    KA_SPECIALIST: { read: ['KEY_ASSIGNED', 'CUSTOMERS', 'HANDLER'], write: ['KEY_ASSIGNED', 'HANDLER'] },
    ACCOUNT_MANAGER_LOGISTICS: ACCOUNT_MANAGER_TICKETS,
    ACCOUNT_MANAGER_LEASING: ACCOUNT_MANAGER_TICKETS,
    SALES_REP: { read: ['CUSTOMERS', 'HANDLER'], write: ['SALE_CUSTOMERS', 'HANDLER'] },
    MARKET_DEVELOPER: { read: ['HANDLER', 'CUSTOMERS'] },
    CS_AGENT: { read: ['HANDLER', 'TEAM'], write: ['HANDLER', 'TEAM'] },
    DATA_ANALYST: READ_ALL,
    MARKETING_CLERK: READ_ALL,
    FINANCE: { read: ['CLAIMS'] },
    HR: NOTHING,
    OPERATIONS: DISPATCHED,
    QUALITY: DISPATCHED,
    OTHER_DEPARTMENT: DISPATCHED,
    INTERNAL_AUDITOR: READ_ALL,
    ADMIN: NOTHING,
  },
  kpi: everybody(
    { read: ['OWN'] },
    {
      COMPANY_LEADER: READ_ALL,
      HEAD: { read: ['ALL'], write: ['ALL'] },
      DEPUTY: { read: ['AREA', 'DEPARTMENT', 'OWN'] },
      SALES_SUPERVISOR: READ_ALL,
      CS_SUPERVISOR: { read: ['SERVICE', 'OWN'] },
      KA_SUPERVISOR: { read: ['KEY', 'OWN'] },
      // ORG-08: they look into what is abnormal, with HEAD.
      DATA_ANALYST: { read: ['ALL'], write: ['ALL'] },
      FINANCE: READ_ALL,
      HR: NOTHING,
      OPERATIONS: { read: ['SERVICE'] },
      QUALITY: { read: ['SERVICE'] },
      INTERNAL_AUDITOR: READ_ALL,
      OTHER_DEPARTMENT: NOTHING,
      ADMIN: NOTHING,
    },
  ),
  kpiTarget: everybody(NOTHING, {
    HEAD: { write: ['ALL'] },
    SALES_SUPERVISOR: { write: ['ALL'] },
  }),
  budget: everybody(NOTHING, {
    COMPANY_LEADER: { read: ['ALL'], approve: ['ALL'] },
    HEAD: { read: ['ALL'], write: ['ALL'], approve: ['ALL'] },
    DEPUTY: { read: ['DEPARTMENT'] },
    SALES_SUPERVISOR: { read: ['ALL'], write: ['ALL'] },
    DATA_ANALYST: READ_ALL,
    FINANCE: { read: ['ALL'], approve: ['ALL'] },
    INTERNAL_AUDITOR: READ_ALL,
  }),
  setting: everybody(NOTHING, {
    ADMIN: { read: ['ALL'], write: ['ALL'] },
    HEAD: { read: ['ALL'], approve: ['ALL'] },
    INTERNAL_AUDITOR: READ_ALL,
    COMPANY_LEADER: READ_ALL,
  }),
  // Where events go is configuration (section 26): ADMIN enters it, HEAD approves what leaves the company. Neither is
  // whose rights decide; those are the owner's.
  webhook: everybody(NOTHING, {
    ADMIN: { read: ['ALL'], write: ['ALL'] },
    HEAD: { read: ['ALL'], approve: ['ALL'] },
    INTERNAL_AUDITOR: READ_ALL,
    COMPANY_LEADER: READ_ALL,
  }),
  // CUS-19: taking a list out is a right beside that of reading it; docs/decisions say who has it, and why.
  export: everybody(NOTHING, {
    HEAD: READ_ALL,
    DEPUTY: { read: ['AREA'] },
    SALES_SUPERVISOR: READ_ALL,
    CS_SUPERVISOR: READ_ALL,
    KA_SUPERVISOR: READ_ALL,
    KA_SPECIALIST: { read: ['ASSIGNED'] },
    ACCOUNT_MANAGER_LOGISTICS: { read: ['ASSIGNED'] },
    ACCOUNT_MANAGER_LEASING: { read: ['ASSIGNED'] },
    SALES_REP: { read: ['ASSIGNED'] },
    DATA_ANALYST: CARD,
    MARKETING_CLERK: READ_ALL,
    FINANCE: READ_ALL,
    INTERNAL_AUDITOR: READ_ALL,
  }),
  // Beside those who ask, decide, lend, or read what is decided.
  approval: everybody(NOTHING, { INTERNAL_AUDITOR: READ_ALL }),
  approvalDelegation: everybody(NOTHING, {
    COMPANY_LEADER: READ_ALL,
    HEAD: READ_ALL,
    INTERNAL_AUDITOR: READ_ALL,
  }),
  // The column of meetings, reports and duty. DUT-02: a swap needs the clerk. A team reads its own rota.
  duty: everybody(
    { read: ['TEAM', 'OWN'] },
    {
      COMPANY_LEADER: READ_ALL,
      HEAD: { read: ['ALL'], write: ['ALL'], approve: ['ALL'] },
      DEPUTY: { read: ['DEPARTMENT', 'OWN'], write: ['DEPARTMENT'] },
      SALES_SUPERVISOR: { read: ['ALL'], write: ['TEAM'] },
      CS_SUPERVISOR: { read: ['ALL'], write: ['TEAM'] },
      KA_SUPERVISOR: { read: ['ALL'], write: ['TEAM'] },
      MARKETING_CLERK: { read: ['ALL'], write: ['ALL'], approve: ['ALL'] },
      FINANCE: READ_ALL,
      HR: READ_ALL,
      INTERNAL_AUDITOR: READ_ALL,
      ADMIN: NOTHING,
    },
  ),
  // No column of section 23: the marketing department reads what is published, customer service writes (TIC-08).
  knowledge: everybody(
    { read: ['PUBLISHED'] },
    {
      COMPANY_LEADER: READ_ALL,
      HEAD: { read: ['ALL'], write: ['ALL'], approve: ['ALL'] },
      CS_SUPERVISOR: { read: ['ALL'], write: ['ALL'], approve: ['ALL'] },
      CS_AGENT: { read: ['ALL'], write: ['ALL'] },
      FINANCE: NOTHING,
      HR: NOTHING,
      OPERATIONS: NOTHING,
      QUALITY: NOTHING,
      OTHER_DEPARTMENT: NOTHING,
      INTERNAL_AUDITOR: READ_ALL,
      ADMIN: NOTHING,
    },
  ),
  auditLog: everybody(NOTHING, { INTERNAL_AUDITOR: READ_ALL, HEAD: READ_ALL }),
};

function everybody(cell: Cell, except: Partial<Record<Role, Cell>>): Record<Role, Cell> {
  return Object.fromEntries(ROLES.map((role) => [role, except[role] ?? cell])) as Record<Role, Cell>;
}

/** The roles that hold a verb on a resource at all: what a refusal names as required. */
export function rolesWith(resource: Resource, verb: Verb): Role[] {
  return ROLES.filter((role) => (PERMISSIONS[resource][role][verb] ?? []).length > 0);
}
