import type { CustomerGrade } from '../../src/generated/prisma/enums.ts';
import type { PersonName } from '../support/people.ts';

/**
 * What rulebook section 23 gives each role, written down from its text and from the rules beside it (CUS-17, CUS-18,
 * TIC-35, CFL-09, CFL-23, CFL-32, ORG-04), not from the code. `cell` is the rulebook's own cell.
 */
export type Level = 'FULL' | 'MASKED' | 'NONE';

/** Every role by the person named after it, and a deputy of another area. */
export const VIEWERS = [
  'COMPANY_LEADER',
  'HEAD',
  'DEPUTY',
  'DEPUTY_SOUTH',
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
] as const satisfies readonly PersonName[];

export type ViewerName = (typeof VIEWERS)[number];

/** What can tie a viewer to a record. */
export type Tie =
  // customers
  | 'owner'
  | 'assigned'
  | 'assignmentOver'
  | 'assignmentAhead'
  | 'dedicated'
  | 'dedicationOver'
  | 'ticketNeed'
  | 'ticketClosed'
  | 'ticketInTeamQueue'
  | 'ticketDispatched'
  | 'grant'
  | 'grantExpired'
  | 'grantRevoked'
  | 'grantRequested'
  // key accounts
  | 'specialist'
  | 'supervisor'
  | 'specialistOfEnded'
  // tickets
  | 'handler'
  | 'opener'
  | 'responsible'
  | 'ownTeam'
  | 'dispatchedToOwnDepartment'
  | 'ownDepartmentResponsible'
  // whoever looks
  | 'ownArea'
  | 'ownDepartment'
  | 'keyAccount'
  | 'claim'
  | 'arisesDuringSale';

interface Right {
  readonly cell: string;
  /** What opens a record fully; ALL needs nothing. */
  readonly opens: 'ALL' | readonly Tie[];
  /** What is left of the others. */
  readonly otherwise: Level;
}

type Column = Readonly<Record<ViewerName, Right>>;

function right(cell: string, opens: 'ALL' | readonly Tie[], otherwise: Level = 'MASKED'): Right {
  return { cell, opens, otherwise };
}

const NOTHING = right('—', [], 'NONE');
const DEPUTY_FILES = right('t w', ['ownArea']);
/** CFL-32: inside the department files are read by assignment; what is closed is asked for (CUS-18). */
const OWN_FILES = right('r w', ['owner', 'assigned', 'dedicated', 'grant']);
const OUTSIDE = right('r with grant, propose', ['grant']);

/** Column "files B/C/D"; customers without a grade are no A files either. */
export const FILES_BELOW_A: Column = {
  COMPANY_LEADER: right('R', 'ALL'),
  HEAD: right('R W', 'ALL'),
  DEPUTY: DEPUTY_FILES,
  DEPUTY_SOUTH: DEPUTY_FILES,
  SALES_SUPERVISOR: right('R W', 'ALL'),
  CS_SUPERVISOR: right('R W', 'ALL'),
  KA_SUPERVISOR: right('R (key accounts)', ['keyAccount', 'owner', 'assigned', 'dedicated', 'grant']),
  KA_SPECIALIST: OWN_FILES,
  ACCOUNT_MANAGER_LOGISTICS: OWN_FILES,
  ACCOUNT_MANAGER_LEASING: OWN_FILES,
  SALES_REP: OWN_FILES,
  MARKET_DEVELOPER: OWN_FILES,
  CS_AGENT: right('r (ticket need), propose', ['ticketNeed', 'grant']),
  DATA_ANALYST: right('R (anonymised in bulk)', 'ALL'),
  MARKETING_CLERK: right('R W register', 'ALL'),
  FINANCE: right('r billing part', ['grant']),
  HR: NOTHING,
  OPERATIONS: OUTSIDE,
  QUALITY: OUTSIDE,
  OTHER_DEPARTMENT: right('M, r with grant, propose', ['grant']),
  INTERNAL_AUDITOR: right('R (log)', 'ALL'),
  ADMIN: right('configuration only, no file content', [], 'NONE'),
};

const IF_DEDICATED = right('r if dedicated', ['dedicated']);
const CARD = right('M', []);

/** Column "files A": nothing but a dedicated assignment opens one, and that for few roles (CUS-17, PRM-01). */
export const FILES_A: Column = {
  COMPANY_LEADER: CARD,
  HEAD: right('R W (assigns dedicated)', 'ALL'),
  DEPUTY: IF_DEDICATED,
  DEPUTY_SOUTH: IF_DEDICATED,
  SALES_SUPERVISOR: IF_DEDICATED,
  CS_SUPERVISOR: IF_DEDICATED,
  KA_SUPERVISOR: IF_DEDICATED,
  KA_SPECIALIST: right('r w if dedicated', ['dedicated']),
  ACCOUNT_MANAGER_LOGISTICS: right('r w if dedicated', ['dedicated']),
  ACCOUNT_MANAGER_LEASING: right('r w if dedicated', ['dedicated']),
  SALES_REP: right('r w if dedicated', ['dedicated']),
  MARKET_DEVELOPER: right('r w if dedicated', ['dedicated']),
  CS_AGENT: CARD,
  DATA_ANALYST: right('M (aggregates only)', []),
  MARKETING_CLERK: right('M, completeness and document list (CFL-28)', []),
  FINANCE: right('M + billing', []),
  HR: NOTHING,
  OPERATIONS: CARD,
  QUALITY: CARD,
  OTHER_DEPARTMENT: CARD,
  INTERNAL_AUDITOR: right('R log only', []),
  ADMIN: NOTHING,
};

const ACCOUNTS_OF_OWN_CUSTOMERS = right('r', ['owner', 'assigned', 'dedicated']);

/** Column "key accounts"; who reads only some of them sees the card of the others, as with files. */
export const KEY_ACCOUNTS: Column = {
  COMPANY_LEADER: right('R', 'ALL'),
  HEAD: right('R A', 'ALL'),
  DEPUTY: right('t', ['ownArea']),
  DEPUTY_SOUTH: right('t', ['ownArea']),
  SALES_SUPERVISOR: right('R', 'ALL'),
  CS_SUPERVISOR: right('R', 'ALL'),
  KA_SUPERVISOR: right('R W A', 'ALL'),
  KA_SPECIALIST: right('r w', ['owner', 'assigned', 'dedicated', 'specialist', 'supervisor']),
  ACCOUNT_MANAGER_LOGISTICS: ACCOUNTS_OF_OWN_CUSTOMERS,
  ACCOUNT_MANAGER_LEASING: ACCOUNTS_OF_OWN_CUSTOMERS,
  SALES_REP: ACCOUNTS_OF_OWN_CUSTOMERS,
  MARKET_DEVELOPER: NOTHING,
  CS_AGENT: CARD,
  DATA_ANALYST: right('R (figures)', 'ALL'),
  MARKETING_CLERK: ACCOUNTS_OF_OWN_CUSTOMERS,
  FINANCE: NOTHING,
  HR: NOTHING,
  OPERATIONS: right('r service needs', []),
  QUALITY: right('r service needs', []),
  OTHER_DEPARTMENT: CARD,
  INTERNAL_AUDITOR: right('R', 'ALL'),
  ADMIN: NOTHING,
};

const AT_WORK = ['handler', 'opener', 'responsible'] as const satisfies readonly Tie[];
const OF_OWN_CUSTOMERS = [...AT_WORK, 'owner', 'assigned', 'dedicated'] as const satisfies readonly Tie[];
const DISPATCHED = right(
  'r w dispatched',
  [...AT_WORK, 'dispatchedToOwnDepartment', 'ownDepartmentResponsible'],
  'NONE',
);
const DEPUTY_TICKETS = right('t w', [...AT_WORK, 'ownArea'], 'NONE');

/** Column "tickets, feedback": a ticket has no card. */
export const TICKETS: Column = {
  COMPANY_LEADER: right('R', 'ALL'),
  HEAD: right('R W A', 'ALL'),
  DEPUTY: DEPUTY_TICKETS,
  DEPUTY_SOUTH: DEPUTY_TICKETS,
  SALES_SUPERVISOR: right('R w', 'ALL'),
  CS_SUPERVISOR: right('R W A', 'ALL'),
  KA_SUPERVISOR: right('R W (key)', [...AT_WORK, 'keyAccount', 'ownTeam'], 'NONE'),
  KA_SPECIALIST: right('r w (key)', [...OF_OWN_CUSTOMERS, 'specialist', 'supervisor'], 'NONE'),
  ACCOUNT_MANAGER_LOGISTICS: right('r w (own customers)', OF_OWN_CUSTOMERS, 'NONE'),
  ACCOUNT_MANAGER_LEASING: right('r w (own customers)', OF_OWN_CUSTOMERS, 'NONE'),
  SALES_REP: right('r w (sale phase)', OF_OWN_CUSTOMERS, 'NONE'),
  MARKET_DEVELOPER: right('r (own)', OF_OWN_CUSTOMERS, 'NONE'),
  CS_AGENT: right('r w', [...AT_WORK, 'ownTeam'], 'NONE'),
  DATA_ANALYST: right('R', 'ALL'),
  MARKETING_CLERK: right('R (ledger)', 'ALL'),
  FINANCE: right('r (claims)', ['claim'], 'NONE'),
  HR: NOTHING,
  OPERATIONS: DISPATCHED,
  QUALITY: DISPATCHED,
  OTHER_DEPARTMENT: DISPATCHED,
  INTERNAL_AUDITOR: right('R', 'ALL'),
  ADMIN: NOTHING,
};

/** Column "visits, contacts"; what was said is content of the file, so that the file must be open too. */
export const CONTACT_LOGS: Column = {
  ...TICKETS,
  DEPUTY: right('t w', ['ownArea'], 'NONE'),
  DEPUTY_SOUTH: right('t w', ['ownArea'], 'NONE'),
  KA_SUPERVISOR: right('R W (key)', ['keyAccount'], 'NONE'),
  KA_SPECIALIST: right('r w', ['owner', 'assigned', 'dedicated', 'specialist', 'supervisor'], 'NONE'),
  ACCOUNT_MANAGER_LOGISTICS: right('r w', ['owner', 'assigned', 'dedicated'], 'NONE'),
  ACCOUNT_MANAGER_LEASING: right('r w', ['owner', 'assigned', 'dedicated'], 'NONE'),
  SALES_REP: right('r w', ['owner', 'assigned', 'dedicated'], 'NONE'),
  MARKET_DEVELOPER: right('r w', ['owner', 'assigned', 'dedicated'], 'NONE'),
  CS_AGENT: right('r w patrol, follow-up', ['owner', 'assigned', 'dedicated'], 'NONE'),
  FINANCE: NOTHING,
  OPERATIONS: NOTHING,
  QUALITY: NOTHING,
  OTHER_DEPARTMENT: NOTHING,
};

const NO_BUDGET = right('w own claims', [], 'NONE');

/** Column "budget, expenses", as far as it is about budgets. */
export const BUDGETS: Column = {
  COMPANY_LEADER: right('A final step', 'ALL'),
  HEAD: right('A first step, R W', 'ALL'),
  DEPUTY: right('t, A by delegation', ['ownDepartment'], 'NONE'),
  DEPUTY_SOUTH: right('t, A by delegation', ['ownDepartment'], 'NONE'),
  SALES_SUPERVISOR: right('W draft, R', 'ALL'),
  CS_SUPERVISOR: NO_BUDGET,
  KA_SUPERVISOR: NO_BUDGET,
  KA_SPECIALIST: NO_BUDGET,
  ACCOUNT_MANAGER_LOGISTICS: NO_BUDGET,
  ACCOUNT_MANAGER_LEASING: NO_BUDGET,
  SALES_REP: NO_BUDGET,
  MARKET_DEVELOPER: right('w own claims, campaign budget', [], 'NONE'),
  CS_AGENT: NO_BUDGET,
  DATA_ANALYST: right('R', 'ALL'),
  MARKETING_CLERK: right('w own claims, supplies', [], 'NONE'),
  FINANCE: right('A second step, R W actuals', 'ALL'),
  HR: NOTHING,
  OPERATIONS: NOTHING,
  QUALITY: NOTHING,
  OTHER_DEPARTMENT: NO_BUDGET,
  INTERNAL_AUDITOR: right('R', 'ALL'),
  ADMIN: right('config', [], 'NONE'),
};

/** Column "access grants": who sees a request beside the person who made it. */
export const ACCESS_GRANTS: Column = {
  ...(Object.fromEntries(VIEWERS.map((viewer) => [viewer, right('request', [], 'NONE')])) as Record<
    ViewerName,
    Right
  >),
  COMPANY_LEADER: NOTHING,
  HEAD: right('A', 'ALL'),
  DEPUTY: right('A (area)', ['ownArea'], 'NONE'),
  DEPUTY_SOUTH: right('A (area)', ['ownArea'], 'NONE'),
  HR: NOTHING,
  INTERNAL_AUDITOR: right('R', 'ALL'),
  ADMIN: NOTHING,
};

/** What the viewer sees of a record that these ties connect it with. */
export function levelFor(column: Column, viewer: ViewerName, ties: ReadonlySet<Tie>): Level {
  const { opens, otherwise } = column[viewer];
  return opens === 'ALL' || opens.some((tie) => ties.has(tie)) ? 'FULL' : otherwise;
}

export function fileLevel(viewer: ViewerName, grade: CustomerGrade | null, ties: ReadonlySet<Tie>): Level {
  return levelFor(grade === 'A' ? FILES_A : FILES_BELOW_A, viewer, ties);
}

/** Whoever reads the file reads its billing; FINANCE does beside the card. */
export function billingOpen(viewer: ViewerName, level: Level): boolean {
  return level === 'FULL' || (viewer === 'FINANCE' && level !== 'NONE');
}
