import { text } from '../../lib/text.ts';
import type { RecordSpec } from './records.ts';

/** What a person who gives an account up passes on (KEY-05). */
export const HANDOVER: RecordSpec = {
  type: 'KeyAccountHandover',
  table: 'key_account_handover',
  list: 'keyAccountHandovers',
  title: text('handover', '交接记录'),
  description: 'What was passed on when an account got another specialist or supervisor (KEY-05).',
  fields: {
    fromSpecialist: { kind: 'EMPLOYEE', description: 'Who gave the account up.', listed: true },
    toSpecialist: { kind: 'EMPLOYEE', description: 'Who serves it since.', listed: true },
    fromSupervisor: { kind: 'EMPLOYEE', description: 'Its supervisor before.' },
    toSupervisor: { kind: 'EMPLOYEE', description: 'Its supervisor since.' },
    content: { kind: 'TEXT', description: 'Open matters, promises and needs.' },
  },
};

/** The quarterly service review of an account (KEY-10, KEY-17). */
export const REVIEW: RecordSpec = {
  type: 'KeyAccountReview',
  table: 'key_account_review',
  list: 'keyAccountReviews',
  title: text('review of a key account', '大客户服务评审'),
  description:
    'The service review of a key account in a period of keyAccount.reviewPeriod, with its figures as they stood (KEY-10, KEY-17).',
  fields: {
    period: { kind: 'TEXT', description: 'Such as 2026-Q4.', listed: true },
    assessment: { kind: 'TEXT', description: 'How the service went.', given: 'NEEDED' },
    needs: { kind: 'TEXT', description: 'What the customer needs now.', given: 'NEEDED' },
    measures: { kind: 'TEXT', description: 'What is done about it.', given: 'NEEDED' },
    level: {
      kind: 'ENUM',
      enumName: 'KeyAccountLevel',
      description: 'Its level at the review.',
      listed: true,
    },
    levelByTarget: {
      kind: 'ENUM',
      enumName: 'KeyAccountLevel',
      description: 'What the target gives by the thresholds of the day; null below level D.',
    },
    annualRevenueTarget: { kind: 'MONEY', description: 'The target at the review.' },
    revenue: { kind: 'MONEY', description: 'Recognised in the twelve months before the review.' },
  },
};

const STATE = 'Where it stands.';

/** A large project of an account (KEY-20). */
export const PROJECT: RecordSpec = {
  type: 'KeyAccountProject',
  parts: ['milestones'],
  table: 'key_account_project',
  list: 'keyAccountProjects',
  title: text('project of a key account', '大客户项目'),
  description:
    'A large project of a key account: declared, approved or rejected, followed to its end (KEY-20).',
  fields: {
    name: { kind: 'TEXT', description: 'Its name.', given: 'NEEDED', longest: 200, listed: true },
    content: { kind: 'TEXT', description: 'What it is about.', given: 'NEEDED' },
    department: { kind: 'DEPARTMENT', description: 'With whom its progress is followed.', given: 'FREE' },
    dueOn: { kind: 'DAY', description: 'When it should be done.', given: 'FREE', listed: true },
    state: { kind: 'ENUM', enumName: 'KeyAccountProjectState', description: STATE, listed: true },
    decisionReason: { kind: 'TEXT', description: 'Why it was approved or rejected.' },
    progress: { kind: 'TEXT', description: 'What was last said of its progress.' },
  },
};

/** A monthly check of the service of an account (KEY-20). */
export const INSPECTION: RecordSpec = {
  type: 'ServiceInspection',
  table: 'service_inspection',
  list: 'serviceInspections',
  title: text('service inspection', '服务检查'),
  description: 'A check of the service of a key account in a period of keyAccount.inspection (KEY-20).',
  fields: {
    period: { kind: 'TEXT', description: 'Such as 2026-11.', listed: true },
    result: {
      kind: 'ENUM',
      enumName: 'InspectionResult',
      description: 'What was found.',
      given: 'NEEDED',
      listed: true,
    },
    findings: { kind: 'TEXT', description: 'What was looked at and found.', given: 'NEEDED' },
    measures: { kind: 'TEXT', description: 'Needed where something is to be improved.', given: 'FREE' },
  },
};

/** The personal service plan of an account (KEY-25). */
export const SERVICE_PLAN: RecordSpec = {
  type: 'ServicePlan',
  table: 'service_plan',
  list: 'servicePlans',
  title: text('service plan', '服务方案'),
  description:
    'The personal service plan of a key account, made from its point of view and reviewed every keyAccount.planReviewMonths (KEY-25).',
  fields: {
    content: { kind: 'TEXT', description: 'How the account is served.', given: 'NEEDED' },
    goals: { kind: 'TEXT', description: 'What the customer gains.', given: 'NEEDED' },
    reviewedAt: { kind: 'INSTANT', description: 'When it was last reviewed.', listed: true },
    reviewedBy: { kind: 'EMPLOYEE', description: 'Who reviewed it last.' },
    outcome: { kind: 'TEXT', description: 'What the last review found.' },
  },
};

/** A request to which somebody goes (KEY-23). */
export const SERVICE_REQUEST: RecordSpec = {
  type: 'ServiceRequest',
  parts: ['log'],
  table: 'service_request',
  list: 'serviceRequests',
  title: text('service request', '服务请求'),
  description: 'A request of a key account to which somebody goes, and its progress (KEY-23).',
  fields: {
    mode: {
      kind: 'ENUM',
      enumName: 'ServiceRequestMode',
      description: 'ON_SITE: the specialist goes; PICKUP: a representative collects at the door.',
      given: 'NEEDED',
      listed: true,
    },
    description: { kind: 'TEXT', description: 'What is asked for.', given: 'NEEDED' },
    assignee: {
      kind: 'EMPLOYEE',
      description: 'Who goes; the specialist without it.',
      given: 'FREE',
      listed: true,
    },
    state: { kind: 'ENUM', enumName: 'ServiceRequestState', description: STATE, listed: true },
    doneAt: { kind: 'INSTANT', description: 'When it was done.' },
  },
};

/** A service beyond the contract (KEY-11). */
export const VALUE_ADDED: RecordSpec = {
  type: 'ValueAddedService',
  table: 'value_added_service',
  list: 'valueAddedServices',
  title: text('value-added service', '增值服务'),
  description: 'A service beyond the contract that a key account gets (KEY-11).',
  fields: {
    name: { kind: 'TEXT', description: 'Its name.', given: 'NEEDED', longest: 200, listed: true },
    description: { kind: 'TEXT', description: 'What it is.', given: 'NEEDED' },
    since: { kind: 'DAY', description: 'Its first day.', given: 'NEEDED', listed: true },
    until: { kind: 'DAY', description: 'Its last day; null while it goes on.', given: 'FREE', listed: true },
  },
};

/** What an account earns back by its revenue (KEY-07). */
export const INCENTIVE: RecordSpec = {
  type: 'KeyAccountIncentive',
  parts: ['steps'],
  table: 'key_account_incentive',
  list: 'keyAccountIncentives',
  title: text('incentive', '激励方案'),
  description:
    'What a key account earns back by its revenue of a period (KEY-07); approved by keyAccount.incentiveChain. FINANCE reads it, too.',
  also: 'keyAccountIncentive:read:ALL',
  fields: {
    period: {
      kind: 'TEXT',
      description: 'A month, quarter or year, such as 2026-Q4.',
      given: 'NEEDED',
      longest: 10,
      listed: true,
    },
    description: { kind: 'TEXT', description: 'What it is for.', given: 'NEEDED' },
    state: { kind: 'ENUM', enumName: 'KeyAccountIncentiveState', description: STATE, listed: true },
    paid: { kind: 'MONEY', description: 'What was paid.' },
    paidAt: { kind: 'INSTANT', description: 'When.' },
    paidBy: { kind: 'EMPLOYEE', description: 'Who recorded it.' },
  },
};

/** What an account needs (KEY-21). */
export const REQUIREMENT: RecordSpec = {
  type: 'CustomerRequirement',
  table: 'customer_requirement',
  list: 'customerRequirements',
  title: text('requirement', '客户需求'),
  description: 'What a key account needs, as it said, and what became of it (KEY-21). Content of the file.',
  ofFile: true,
  fields: {
    contact: { kind: 'CONTACT', description: 'Who said so.', given: 'FREE' },
    content: { kind: 'TEXT', description: 'What is needed.', given: 'NEEDED' },
    proposal: { kind: 'TEXT', description: 'What is proposed for it.', given: 'FREE' },
    state: { kind: 'ENUM', enumName: 'CustomerRequirementState', description: STATE, listed: true },
    outcome: { kind: 'TEXT', description: 'How it was met, or why it was declined.' },
  },
};

/** Care of an account (KEY-27). */
export const CARE: RecordSpec = {
  type: 'CareAction',
  table: 'care_action',
  list: 'careActions',
  title: text('care action', '关怀行动'),
  description:
    'Care of a key account: advice, useful information, follow-up, or speaking for it inside the company (KEY-27). Content of the file.',
  ofFile: true,
  fields: {
    type: {
      kind: 'ENUM',
      enumName: 'CareActionType',
      description: 'What it is; ADVOCACY asks a department on the customer’s behalf.',
      given: 'NEEDED',
      listed: true,
    },
    content: { kind: 'TEXT', description: 'What is done, or asked for.', given: 'NEEDED' },
    contact: { kind: 'CONTACT', description: 'For whom.', given: 'FREE' },
    department: { kind: 'DEPARTMENT', description: 'Who is asked; needed for ADVOCACY.', given: 'FREE' },
    dueOn: { kind: 'DAY', description: 'On which day.', given: 'NEEDED', listed: true },
    state: { kind: 'ENUM', enumName: 'CareActionState', description: STATE, listed: true },
    result: { kind: 'TEXT', description: 'The customer’s opinion, or the department’s answer.' },
    endedAt: { kind: 'INSTANT', description: 'When it was done or cancelled.' },
  },
};

/** The register of gifts and hospitality (KEY-28). */
export const GIFT: RecordSpec = {
  type: 'GiftRecord',
  table: 'gift_record',
  list: 'giftRecords',
  title: text('gift', '礼品招待'),
  description:
    'A gift or hospitality to a person at a key account (KEY-28). Beyond gift.limit for a person in a calendar year it needs keyAccount.giftChain. Content of the file.',
  ofFile: true,
  fields: {
    contact: { kind: 'CONTACT', description: 'Who gets it.', given: 'NEEDED', listed: true },
    kind: { kind: 'ENUM', enumName: 'GiftKind', description: 'What it is.', given: 'NEEDED', listed: true },
    description: { kind: 'TEXT', description: 'What is given, and why.', given: 'NEEDED' },
    value: { kind: 'MONEY', description: 'What it is worth.', given: 'NEEDED', listed: true },
    givenOn: { kind: 'DAY', description: 'On which day.', given: 'NEEDED', listed: true },
    state: { kind: 'ENUM', enumName: 'GiftState', description: STATE, listed: true },
  },
};

/** What an account has in stock, sells, and will need (KEY-12). */
export const STOCK: RecordSpec = {
  type: 'CustomerStockSnapshot',
  table: 'customer_stock_snapshot',
  list: 'customerStockSnapshots',
  title: text('stock snapshot', '客户库存'),
  description: 'What a key account has in stock, what it sells, and what it will need (KEY-12).',
  fields: {
    takenOn: { kind: 'DAY', description: 'Of which day.', given: 'NEEDED', listed: true },
    goods: { kind: 'TEXT', description: 'Of what.', given: 'NEEDED', longest: 200, listed: true },
    unit: { kind: 'TEXT', description: 'Counted in.', given: 'NEEDED', longest: 20 },
    stock: { kind: 'DECIMAL', description: 'In stock.', given: 'NEEDED', listed: true },
    sold: { kind: 'DECIMAL', description: 'Sold since the last one.', given: 'FREE' },
    forecastPeriod: {
      kind: 'TEXT',
      description: 'A month, quarter or year; needed with a forecast.',
      given: 'FREE',
      longest: 10,
    },
    forecast: { kind: 'DECIMAL', description: 'What will be needed in it.', given: 'FREE' },
    note: { kind: 'TEXT', description: 'What was said of market and peak.', given: 'FREE' },
  },
};

/** What the facts of a period say of an account (KEY-08). */
export const ANALYSIS: RecordSpec = {
  type: 'KeyAccountAnalysis',
  parts: ['figures'],
  table: 'key_account_analysis',
  list: 'keyAccountAnalyses',
  title: text('analysis', '大客户分析'),
  description:
    'What the facts of a period of keyAccount.analysisPeriod say of a key account: growth, value, behaviour, satisfaction, one to one (KEY-08). For COMPANY_LEADER, HEAD and key account staff.',
  only: 'keyAccountAnalysis',
  fields: {
    period: { kind: 'TEXT', description: 'Such as 2026-Q4.', listed: true },
    type: {
      kind: 'ENUM',
      enumName: 'KeyAccountAnalysisType',
      description: 'What is analysed.',
      listed: true,
    },
  },
};
