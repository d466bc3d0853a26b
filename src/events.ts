/** How much an event matters to the person who hears it. */
export type Severity = 'INFO' | 'WARNING' | 'HIGH' | 'CRITICAL';

/** Entities an event can be about; a viewer receives it only while the subject is visible to them. */
export type SubjectType =
  | 'Ticket'
  | 'KeyAccount'
  | 'Customer'
  | 'Budget'
  | 'AnomalyCase'
  | 'Approval'
  | 'Visit';

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
  COMPLAINT_NOT_DISPATCHED: {
    source: 'TIC-14',
    subject: 'Ticket',
    severity: 'WARNING',
    message: {
      en: 'Complaint {ticketNumber} was not passed to the departments concerned in time.',
      zh: '投诉 {ticketNumber} 未按时转交相关部门。',
    },
  },
  WORK_HANDED_OVER: {
    source: 'PRM-06',
    subject: null,
    severity: 'WARNING',
    restricted: true,
    message: {
      en: 'Work of a colleague was handed over: {tickets} tickets, {customers} customers.',
      zh: '同事的工作已交接：{tickets} 张工单，{customers} 个客户。',
    },
  },
  IMPROVEMENT_PLAN_OVERDUE: {
    source: 'EVT-62',
    subject: null,
    severity: 'WARNING',
    restricted: true,
    message: {
      en: 'An improvement plan is overdue: {goal}',
      zh: '改进计划逾期：{goal}',
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
  KEY_ACCOUNT_CANDIDATE: {
    source: 'EVT-32',
    subject: 'Customer',
    severity: 'INFO',
    restricted: true,
    message: {
      en: 'A customer with {revenue} in twelve months reaches level {level} of a key account.',
      zh: '客户近十二个月营业额 {revenue}，达到大客户 {level} 级标准。',
    },
  },
  LEVEL_CHANGE_CANDIDATE: {
    source: 'EVT-32',
    subject: 'KeyAccount',
    severity: 'INFO',
    message: {
      en: 'A level {level} key account should be level {proposed} by its target.',
      zh: '{level} 级大客户按目标应调整为 {proposed} 级。',
    },
  },
  KEY_ACCOUNT_UNASSIGNED: {
    source: 'EVT-65',
    subject: 'KeyAccount',
    severity: 'HIGH',
    message: {
      en: 'A level {level} key account has had no dedicated specialist since {since}.',
      zh: '{level} 级大客户自 {since} 起无专属专员。',
    },
  },
  KEY_ACCOUNT_DUTY_OVERDUE: {
    source: 'KEY-17',
    subject: 'KeyAccount',
    severity: 'WARNING',
    message: {
      en: '{duty} of a key account was not done in {period}.',
      zh: '大客户在 {period} 未完成 {duty}。',
    },
  },
  CHURN_RISK: {
    source: 'EVT-33',
    subject: 'Customer',
    severity: 'HIGH',
    restricted: true,
    message: { en: 'A customer may be lost: {reasons}.', zh: '客户有流失风险：{reasons}。' },
  },
  KEY_ACCOUNT_REPORT_OVERDUE: {
    source: 'EVT-52, KEY-16',
    subject: null,
    severity: 'WARNING',
    restricted: true,
    message: {
      en: 'The key account revenue report of {period} was not submitted in time.',
      zh: '{period} 大客户收入报表未按时提交。',
    },
  },
  KEY_ACCOUNT_REPORT_SUBMITTED: {
    source: 'KEY-16',
    subject: null,
    severity: 'INFO',
    restricted: true,
    message: {
      en: 'A key account revenue report of {period} was submitted.',
      zh: '{period} 大客户收入报表已提交。',
    },
  },
  KEY_ACCOUNT_REPORT_FORWARDED: {
    source: 'CFL-22',
    subject: null,
    severity: 'INFO',
    restricted: true,
    message: {
      en: 'A key account revenue report of {period} was forwarded to you.',
      zh: '{period} 大客户收入报表已转呈。',
    },
  },
  REPORT_OVERDUE: {
    source: 'EVT-52',
    subject: null,
    severity: 'WARNING',
    restricted: true,
    message: {
      en: 'The report {report} of {period} was not submitted in time.',
      zh: '{period} 的报告（{report}）未按时提交。',
    },
  },
  REPORT_SUBMITTED: {
    source: 'VIS-03, VIS-07, VIS-08',
    subject: null,
    severity: 'INFO',
    restricted: true,
    message: {
      en: 'The report {report} of {period} was submitted.',
      zh: '{period} 的报告（{report}）已提交。',
    },
  },
  PATROL_URGENT_REPORT: {
    source: 'EVT-40',
    subject: null,
    severity: 'HIGH',
    restricted: true,
    message: { en: 'Urgent report of a patrol ({reason}): {facts}', zh: '巡访紧急报告（{reason}）：{facts}' },
  },
  PATROL_URGENT_ANSWERED: {
    source: 'VIS-09',
    subject: null,
    severity: 'INFO',
    restricted: true,
    message: {
      en: 'The urgent report of {period} was answered.',
      zh: '{period} 的巡访紧急报告已批复。',
    },
  },
  PATROL_URGENT_UNANSWERED: {
    source: 'VIS-09',
    subject: null,
    severity: 'HIGH',
    restricted: true,
    message: {
      en: 'The urgent report of {period} was not answered in time.',
      zh: '{period} 的巡访紧急报告未按时批复。',
    },
  },
  LEDGER_MONTHLY: {
    source: 'CUS-08',
    subject: null,
    severity: 'INFO',
    restricted: true,
    message: {
      en: 'The ledgers of {month}: {customers} customers, {filesComplete} complete files, {complaintsReceived} complaints.',
      zh: '{month} 月度台账：客户 {customers} 家，档案完整 {filesComplete} 家，投诉 {complaintsReceived} 件。',
    },
  },
  CARE_ACTION_DUE: {
    source: 'EVT-68',
    subject: 'KeyAccount',
    severity: 'INFO',
    restricted: true,
    message: {
      en: '{action} of a key account is due on {dueOn}.',
      zh: '大客户关怀（{action}）应于 {dueOn} 进行。',
    },
  },
  PEAK_SEASON_PREPARATION: {
    source: 'EVT-60',
    subject: null,
    severity: 'INFO',
    restricted: true,
    message: {
      en: 'The peak season {name} begins on {startsOn}: {accounts} key accounts are served first.',
      zh: '旺季“{name}”将于 {startsOn} 开始：优先保障 {accounts} 家大客户。',
    },
  },
  MEETING_OVERDUE: {
    source: 'EVT-53',
    subject: null,
    severity: 'WARNING',
    restricted: true,
    message: { en: 'No meeting {series} was held in {period}.', zh: '{period} 未召开 {series} 会议。' },
  },
  MINUTES_LATE: {
    source: 'EVT-53',
    subject: null,
    severity: 'WARNING',
    restricted: true,
    message: {
      en: 'The minutes of the meeting {series} of {heldAt} were not written in time.',
      zh: '{heldAt} 的 {series} 会议未按时形成纪要。',
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
  KEY_ACCOUNT_VOLUME_DROP: {
    source: 'EVT-15',
    subject: 'AnomalyCase',
    severity: 'HIGH',
    restricted: true,
    message: {
      en: 'The volume of a priority customer has changed by {change}: {value} shipments in 30 days, {mean} in those before.',
      zh: '重点客户业务量变化 {change}：近 30 天 {value} 票，此前平均 {mean} 票。',
    },
  },
  CUSTOMER_SALES_ABNORMAL: {
    source: 'EVT-16',
    subject: 'AnomalyCase',
    severity: 'WARNING',
    restricted: true,
    message: {
      en: 'Sales to a customer in {period} are {actual}: the months before let {lower} to {upper} expect.',
      zh: '客户 {period} 销售额为 {actual}，超出以往月份的正常范围 {lower} 至 {upper}。',
    },
  },
  GRADE_CHANGE_CANDIDATE: {
    source: 'EVT-31',
    subject: 'Customer',
    severity: 'INFO',
    restricted: true,
    message: {
      en: 'Grade {to} is proposed for a customer of grade {from}: {reasons}.',
      zh: '建议将 {from} 级客户调整为 {to} 级：{reasons}。',
    },
  },
  GRADE_CONFIRMATION_OVERDUE: {
    source: 'EVT-31, CUS-22',
    subject: 'Customer',
    severity: 'WARNING',
    restricted: true,
    specialCaseOf: 'GRADE_CHANGE_CANDIDATE',
    message: {
      en: 'A proposed grade {to} of a customer of grade {from} was not decided in time.',
      zh: '{from} 级客户调整为 {to} 级的建议未按时确认。',
    },
  },
  KEY_ACCOUNT_VISIT_OVERDUE: {
    source: 'EVT-12',
    subject: 'KeyAccount',
    severity: 'HIGH',
    feed: 'keyAccountAlerts',
    message: {
      en: 'A level {level} key account was visited {done} of {required} times in {period}.',
      zh: '{level} 级大客户在 {period} 应拜访 {required} 次，实际 {done} 次。',
    },
  },
  CUSTOMER_CONTACT_OVERDUE: {
    source: 'EVT-13',
    subject: 'Customer',
    severity: 'WARNING',
    specialCaseOf: 'CONTACT_OVERDUE',
    message: {
      en: 'A grade {grade} customer was called {done} of {required} times in {period}.',
      zh: '{grade} 级客户在 {period} 应联络 {required} 次，实际 {done} 次。',
    },
  },
  EXECUTIVE_VISIT_OVERDUE: {
    source: 'EVT-14',
    subject: 'Customer',
    severity: 'WARNING',
    message: {
      en: 'A visit at the level {seniority} of a grade {grade} customer was due by {dueAt}.',
      zh: '{grade} 级客户的 {seniority} 拜访应在 {dueAt} 前完成。',
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
  CUSTOMER_FILE_STALE: {
    source: 'EVT-34',
    subject: 'Customer',
    severity: 'WARNING',
    restricted: true,
    message: {
      en: 'Information known since {obtainedAt} is not in the file of a customer; it had to be by {dueAt}.',
      zh: '{obtainedAt} 获知的客户信息尚未录入档案，期限为 {dueAt}。',
    },
  },
  CUSTOMER_VERIFICATION_DUE: {
    source: 'EVT-35',
    subject: 'Customer',
    severity: 'WARNING',
    restricted: true,
    message: {
      en: 'A customer file must be verified; it was last known to be right at {lastVerified}.',
      zh: '客户档案应进行核实，上次核实时间：{lastVerified}。',
    },
  },
  CUSTOMER_UNREGISTERED: {
    source: 'EVT-36',
    subject: 'Customer',
    severity: 'WARNING',
    restricted: true,
    message: {
      en: 'A contract was signed at {signedAt}, and its customer is not registered.',
      zh: '合同已于 {signedAt} 签订，客户尚未登记。',
    },
  },
  CUSTOMER_INTELLIGENCE_MISSING: {
    source: 'EVT-66',
    subject: 'Customer',
    severity: 'WARNING',
    restricted: true,
    message: {
      en: 'There has been no news on a grade A customer since {lastNote}.',
      zh: '自 {lastNote} 起没有 A 级客户的新动态记录。',
    },
  },
  CORRECTION_REQUESTED: {
    source: 'EVT-67',
    subject: 'Customer',
    severity: 'INFO',
    restricted: true,
    message: {
      en: 'A customer file must be corrected by {dueAt}.',
      zh: '客户档案须在 {dueAt} 前更正。',
    },
  },
  FILE_REMINDER: {
    source: 'CUS-07',
    subject: 'Customer',
    severity: 'INFO',
    restricted: true,
    message: {
      en: 'A customer file lacks: {missing}.',
      zh: '客户档案缺少：{missing}。',
    },
  },
  SIGNIFICANT_CUSTOMER_NOTE: {
    source: 'EVT-39, CUS-33',
    subject: 'Customer',
    severity: 'WARNING',
    restricted: true,
    specialCaseOf: 'SIGNIFICANT_CUSTOMER_INFO',
    message: {
      en: 'Serious information on a customer was recorded.',
      zh: '已记录重要的客户信息。',
    },
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
  SIGNIFICANT_CUSTOMER_INFO: {
    source: 'EVT-39, CUS-33',
    subject: 'Visit',
    severity: 'WARNING',
    restricted: true,
    message: {
      en: '{visitor} reports serious information about a customer.',
      zh: '{visitor} 报告客户重要信息。',
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
  CUSTOMERS_MERGED: {
    source: 'CUS-05',
    subject: 'Customer',
    severity: 'INFO',
    message: {
      en: 'A duplicate was merged into this customer.',
      zh: '一个重复客户已合并到该客户。',
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
  WEBHOOK_SUSPENDED: {
    source: 'ORG-23',
    subject: null,
    severity: 'HIGH',
    restricted: true,
    message: {
      en: 'Webhook {name} failed {failures} times in a row: deliveries wait and are tried again one at a time.',
      zh: 'Webhook {name} 连续失败 {failures} 次：暂停投递，并逐次重试。',
    },
  },
  WEBHOOK_DISABLED: {
    source: 'ORG-23',
    subject: null,
    severity: 'HIGH',
    restricted: true,
    message: {
      en: 'Webhook {name} was disabled: its owner has no rights here any more.',
      zh: 'Webhook {name} 已停用：其负责人已无任何权限。',
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
