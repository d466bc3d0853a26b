/** How much an event matters to the person who hears it. */
export type Severity = 'INFO' | 'WARNING' | 'HIGH' | 'CRITICAL';

/** Entities an event can be about; a viewer receives it only while the subject is visible to them. */
export type SubjectType = 'Ticket' | 'KeyAccount' | 'Customer' | 'Budget' | 'AnomalyCase' | 'Approval';

export type LiveFeed = 'complaintEscalations' | 'keyAccountAlerts' | 'dashboardChanged';

export interface EventDefinition {
  /** Rule of the rulebook's section 24. */
  readonly source: string;
  readonly subject: SubjectType | null;
  readonly severity: Severity;
  /** The special feed that carries it; `liveEvents` carries every kind that is not internal. */
  readonly feed?: LiveFeed;
  /** A special case of another kind; a filter on the general kind finds it too. */
  readonly specialCaseOf?: string;
  /** Only the audience receives it, whoever else may read the subject. */
  readonly restricted?: true;
  /** A sign to read figures again, not something that happened: only its own feed carries it. */
  readonly signal?: true;
  /** For the processes among themselves; never sent to a client. */
  readonly internal?: true;
  /** What the event says; `{name}` is a fact of the payload. */
  readonly message: { readonly en: string; readonly zh: string };
}

/** The catalogue of live events (rulebook section 24): one entry per kind, emitted in the transaction of the change. */
export const EVENTS = {
  COMPLAINT_OPENED: {
    source: 'EVT-01',
    subject: 'Ticket',
    severity: 'INFO',
    message: { en: 'Complaint {ticketNumber} was opened.', zh: '投诉 {ticketNumber} 已登记。' },
  },
  TICKET_AT_RISK: {
    source: 'EVT-02',
    subject: 'Ticket',
    severity: 'WARNING',
    message: {
      en: 'Ticket {ticketNumber}: {minutesLeft} minutes left of the limit {limit}.',
      zh: '工单 {ticketNumber}：时限 {limit} 还剩 {minutesLeft} 分钟。',
    },
  },
  COMPLAINT_AT_RISK: {
    source: 'EVT-02',
    subject: 'Ticket',
    severity: 'WARNING',
    feed: 'complaintEscalations',
    specialCaseOf: 'TICKET_AT_RISK',
    message: {
      en: 'Complaint {ticketNumber}: {minutesLeft} minutes left of the limit {limit}.',
      zh: '投诉 {ticketNumber}：时限 {limit} 还剩 {minutesLeft} 分钟。',
    },
  },
  TICKET_OVERDUE: {
    source: 'EVT-03',
    subject: 'Ticket',
    severity: 'HIGH',
    message: {
      en: 'Ticket {ticketNumber} passed its limit {limit}.',
      zh: '工单 {ticketNumber} 已超过时限 {limit}。',
    },
  },
  COMPLAINT_OVERDUE: {
    source: 'EVT-03',
    subject: 'Ticket',
    severity: 'HIGH',
    feed: 'complaintEscalations',
    specialCaseOf: 'TICKET_OVERDUE',
    message: {
      en: 'Complaint {ticketNumber} passed its limit {limit}.',
      zh: '投诉 {ticketNumber} 已超过时限 {limit}。',
    },
  },
  COMPLAINT_ESCALATED: {
    source: 'EVT-04',
    subject: 'Ticket',
    severity: 'HIGH',
    feed: 'complaintEscalations',
    message: {
      en: 'Complaint {ticketNumber} was escalated to level {level}.',
      zh: '投诉 {ticketNumber} 已升级至 {level} 级。',
    },
  },
  COMPLAINT_PROGRESS_NOTICE_DUE: {
    source: 'EVT-05',
    subject: 'Ticket',
    severity: 'WARNING',
    message: {
      en: 'The customer of complaint {ticketNumber} is owed a progress notice.',
      zh: '投诉 {ticketNumber} 应向客户通报进度。',
    },
  },
  COMPLAINT_RESOLVED: {
    source: 'EVT-06',
    subject: 'Ticket',
    severity: 'INFO',
    message: { en: 'Complaint {ticketNumber} was resolved.', zh: '投诉 {ticketNumber} 已解决。' },
  },
  COMPLAINT_CLOSED: {
    source: 'EVT-07',
    subject: 'Ticket',
    severity: 'INFO',
    message: {
      en: 'Complaint {ticketNumber} was closed: {satisfaction}.',
      zh: '投诉 {ticketNumber} 已关闭：{satisfaction}。',
    },
  },
  COMPLAINT_REOPENED: {
    source: 'EVT-08',
    subject: 'Ticket',
    severity: 'HIGH',
    message: { en: 'Complaint {ticketNumber} was reopened.', zh: '投诉 {ticketNumber} 已重新打开。' },
  },
  TICKET_DISPATCH_OVERDUE: {
    source: 'EVT-09',
    subject: 'Ticket',
    severity: 'WARNING',
    message: {
      en: 'A department has not confirmed ticket {ticketNumber} in time.',
      zh: '部门未按时确认工单 {ticketNumber}。',
    },
  },
  RECURRING_COMPLAINT: {
    source: 'EVT-10',
    subject: null,
    severity: 'HIGH',
    restricted: true,
    message: {
      en: '{count} complaints of cause {cause} within {days} days.',
      zh: '{days} 天内因 {cause} 发生 {count} 起投诉。',
    },
  },
  INCIDENT_REPORTED: {
    source: 'EVT-11',
    subject: null,
    severity: 'HIGH',
    restricted: true,
    message: {
      en: '{reporter} reports an incident: {description}',
      zh: '{reporter} 报告突发事件：{description}',
    },
  },
  COMPLAINT_FOLLOW_UP_DUE: {
    source: 'EVT-70',
    subject: 'Ticket',
    severity: 'INFO',
    message: {
      en: 'Complaint {ticketNumber} is due for its return call.',
      zh: '投诉 {ticketNumber} 应进行回访。',
    },
  },
  CONTACT_OVERDUE: {
    source: 'EVT-13',
    subject: 'KeyAccount',
    severity: 'WARNING',
    feed: 'keyAccountAlerts',
    message: {
      en: 'A level {level} key account was called {done} of {required} times in {period}.',
      zh: '{level} 级大客户在 {period} 应联络 {required} 次，实际 {done} 次。',
    },
  },
  ACCESS_REQUESTED: {
    source: 'EVT-37',
    subject: 'Customer',
    severity: 'INFO',
    restricted: true,
    message: { en: 'Access to a customer file was requested.', zh: '有人申请查阅客户档案。' },
  },
  ACCESS_GRANTED: {
    source: 'EVT-37',
    subject: 'Customer',
    severity: 'INFO',
    restricted: true,
    message: { en: 'Access to a customer file was granted.', zh: '客户档案查阅申请已批准。' },
  },
  ACCESS_DENIED: {
    source: 'EVT-37',
    subject: 'Customer',
    severity: 'WARNING',
    restricted: true,
    message: { en: 'Access to a customer file was refused.', zh: '客户档案查阅被拒绝。' },
  },
  DATA_LEAK_SUSPECTED: {
    source: 'EVT-38',
    subject: null,
    severity: 'CRITICAL',
    restricted: true,
    message: {
      en: 'Customer information may have left the company ({cause}): {actor}, {rows} rows.',
      zh: '客户信息疑似外泄（{cause}）：{actor}，{rows} 行。',
    },
  },
  BUDGET_APPROVED: {
    source: 'BUD-04',
    subject: 'Budget',
    severity: 'INFO',
    message: { en: 'The budget for {year} was approved.', zh: '{year} 年度预算已批准。' },
  },
  DASHBOARD_CHANGED: {
    source: 'KPM-04',
    subject: null,
    severity: 'INFO',
    feed: 'dashboardChanged',
    restricted: true,
    signal: true,
    message: { en: 'Figures of {parts} have changed.', zh: '{parts} 的数据已更新。' },
  },
  KPI_OFF_TARGET: {
    source: 'EVT-47',
    subject: null,
    severity: 'WARNING',
    restricted: true,
    message: {
      en: '{key} in {period} is {actual}, its target is {target}.',
      zh: '{key} 在 {period} 的实际值为 {actual}，目标为 {target}。',
    },
  },
  KPI_ABNORMAL: {
    source: 'EVT-47',
    subject: 'AnomalyCase',
    severity: 'HIGH',
    restricted: true,
    message: {
      en: '{key} in {period} is {actual}: the periods before it let {lower} to {upper} expect.',
      zh: '{key} 在 {period} 的实际值为 {actual}，超出以往期间的正常范围 {lower} 至 {upper}。',
    },
  },
  APPROVAL_REQUESTED: {
    source: 'EVT-45, EVT-22',
    subject: 'Approval',
    severity: 'INFO',
    restricted: true,
    message: {
      en: 'Step {step} of an approval ({chain}) waits for your decision.',
      zh: '审批（{chain}）第 {step} 步等待您决定。',
    },
  },
  APPROVAL_STEP_AT_RISK: {
    source: 'EVT-22, EVT-45',
    subject: 'Approval',
    severity: 'INFO',
    restricted: true,
    message: {
      en: 'Step {step} of an approval ({chain}) must be decided by {dueAt}.',
      zh: '审批（{chain}）第 {step} 步须在 {dueAt} 前决定。',
    },
  },
  APPROVAL_STEP_OVERDUE: {
    source: 'EVT-22, EVT-45',
    subject: 'Approval',
    severity: 'WARNING',
    restricted: true,
    message: {
      en: 'Step {step} of an approval ({chain}) was not decided in time.',
      zh: '审批（{chain}）第 {step} 步未按时决定。',
    },
  },
  APPROVAL_DECIDED: {
    source: 'EVT-45',
    subject: 'Approval',
    severity: 'INFO',
    restricted: true,
    message: { en: 'An approval ({chain}) was decided: {state}.', zh: '审批（{chain}）已决定：{state}。' },
  },
  APPROVAL_VOIDED: {
    source: 'EVT-45',
    subject: 'Approval',
    severity: 'INFO',
    restricted: true,
    message: {
      en: 'An approval ({chain}) is void, what it was about has changed: {reason}.',
      zh: '审批（{chain}）已作废，审批内容已变更：{reason}。',
    },
  },
  APPROVAL_DELEGATED: {
    source: 'ORG-04, BUD-07',
    subject: null,
    severity: 'INFO',
    restricted: true,
    message: {
      en: 'Approvals were delegated to you from {validFrom} to {validTo}.',
      zh: '审批权已委托给您：{validFrom} 至 {validTo}。',
    },
  },
  APPROVAL_DELEGATION_REVOKED: {
    source: 'ORG-04, BUD-07',
    subject: null,
    severity: 'INFO',
    restricted: true,
    message: { en: 'A delegation of approvals to you was revoked.', zh: '对您的审批委托已被撤销。' },
  },
  DUTY_GAP: {
    source: 'EVT-57',
    subject: null,
    severity: 'CRITICAL',
    restricted: true,
    message: {
      en: 'Nobody is on duty at the desk of {team} from {from} to {to}.',
      zh: '{team} 值班台自 {from} 至 {to} 无人值班。',
    },
  },
  OBLIGATION_PARKED: {
    source: 'ORG-23',
    subject: null,
    severity: 'HIGH',
    restricted: true,
    message: {
      en: 'A deadline of kind {kind} could not be worked off and waits for another try.',
      zh: '类型为 {kind} 的期限处理失败，将稍后重试。',
    },
  },
  DIRECTORY_CHANGED: {
    source: 'PRM-05',
    subject: null,
    severity: 'INFO',
    internal: true,
    message: { en: 'The directory changed.', zh: '组织目录已变更。' },
  },
} as const satisfies Record<string, EventDefinition>;

export type EventKind = keyof typeof EVENTS;

/** The definition of a kind by name; undefined for a kind of another version of the software. */
export function eventDefinition(kind: string): EventDefinition | undefined {
  return (EVENTS as Record<string, EventDefinition>)[kind];
}
