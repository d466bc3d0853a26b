import type * as prismaEnums from '../generated/prisma/enums.ts';
import { inLocale, type Locale, type Text, text } from '../lib/text.ts';
import { builder } from './builder.ts';

type PrismaEnums = typeof prismaEnums;
type Labels = { readonly [Name in keyof PrismaEnums]: Readonly<Record<keyof PrismaEnums[Name], string>> };

/** What each code is called in Chinese. In English it is called as it is spelled. */
const CHINESE: Labels = {
  AnomalyState: { OPEN: '处理中', CLOSED: '已关闭' },
  AnomalyTest: { BAND: '超出正常范围', DROP: '大幅下降' },
  AccessGrantState: {
    REQUESTED: '已申请',
    APPROVED: '已批准',
    REFUSED: '已拒绝',
    EXPIRED: '已过期',
    REVOKED: '已撤销',
    WITHDRAWN: '已撤回',
  },
  ApprovalChain: {
    COMPLAINT_PLAN: '投诉处理方案',
    CUSTOMER_ACCESS: '客户档案查阅',
    KEY_ACCOUNT_RANK: '大客户定级',
    KEY_ACCOUNT_INCENTIVE: '大客户激励',
    KEY_ACCOUNT_GIFT: '礼品招待',
  },
  ApprovalDecision: { APPROVE: '批准', REFUSE: '拒绝' },
  ApprovalEvent: {
    REQUESTED: '已申请',
    STEP_APPROVED: '本步已批准',
    APPROVED: '已批准',
    REFUSED: '已拒绝',
    VOIDED: '已作废',
    WITHDRAWN: '已撤回',
    STEP_OVERDUE: '本步逾期',
  },
  ApprovalScope: { ALL: '全部', AREA: '所负责区域', DEPARTMENT: '本部门' },
  ApprovalState: {
    PENDING: '待审批',
    APPROVED: '已批准',
    REFUSED: '已拒绝',
    VOID: '已作废',
    WITHDRAWN: '已撤回',
  },
  ApprovalVoidReason: {
    PLAN_PROPOSED_ANEW: '方案已重新提出',
    GRADE_CHANGED: '客户等级已变更',
    SUBJECT_CHANGED: '审批内容已变更',
  },
  AttachmentKind: {
    CALL_RECORDING: '通话录音',
    LETTER: '信函',
    VOUCHER: '凭证',
    DOCUMENT: '文件',
    OTHER: '其他',
  },
  BudgetCategory: {
    MARKET_EXPANSION: '市场拓展',
    CUSTOMER_SERVICE: '客户服务',
    DATA_ANALYSIS: '数据分析',
    PROMOTION: '推广',
    TRAINING: '培训',
    OTHER: '其他',
  },
  BudgetState: {
    DRAFT: '草稿',
    SUBMITTED: '已提交',
    FINANCE_APPROVED: '财务已批准',
    APPROVED: '已批准',
    ACTIVE: '执行中',
    CLOSED: '已关闭',
  },
  BusinessLine: { LOGISTICS: '物流', LEASING: '租赁' },
  ContactChannel: { PHONE: '电话', EMAIL: '邮件', MESSAGE: '消息', ON_SITE: '现场' },
  ContactOutcome: { REACHED: '已联系上', NOT_REACHED: '未联系上' },
  ChangeProposalState: { PROPOSED: '待审核', ACCEPTED: '已采纳', REFUSED: '已拒绝' },
  ContactSeniority: {
    TOP_LEADER: '高层领导',
    DIRECTOR_OR_ABOVE: '总监及以上',
    MIDDLE_SENIOR: '中高层',
    STAFF: '普通员工',
  },
  CustomerReportKind: {
    REGIONAL_ANALYSIS: '客户区域分析表',
    SALES_ANALYSIS: '客户销售分析表',
    SUMMARY_CARD: '客户资料卡',
  },
  CustomerReportState: { PREPARED: '已编制', FILLED: '已填报', REVIEWED: '已审核' },
  CustomerGrade: { A: 'A 级', B: 'B 级', C: 'C 级', D: 'D 级' },
  CustomerLifecycle: {
    TARGET: '目标客户',
    LEAD: '线索',
    QUALIFIED: '已甄别',
    ACTIVE: '活跃',
    DORMANT: '休眠',
    LOST: '流失',
  },
  EscalationLevel: { L1: '一级', L2: '二级', L3: '三级', L4: '四级' },
  EscalationReason: {
    LIMIT_AT_RISK: '时限将到',
    LIMIT_OVERDUE: '时限已过',
    RESOLUTION_OVERDUE_24H: '超过最终时限 24 小时',
    RESOLUTION_OVERDUE_48H: '超过最终时限 48 小时',
    RAISED_BY_HAND: '人工升级',
    NOT_ACKNOWLEDGED: '升级未被确认',
    REMINDERS_UNANSWERED: '催办未回应',
  },
  ExportFormat: { CSV: 'CSV 文件', XLSX: 'Excel 工作簿' },
  ExportState: {
    READY: '待下载',
    RUNNING: '下载中',
    FINISHED: '已完成',
    ABORTED: '已中断',
    EXPIRED: '已过期',
  },
  ActionItemKind: { CORRECTIVE: '纠正', PREVENTIVE: '预防' },
  HandoverReason: { LEFT: '离职', ROLE_ENDED: '角色结束' },
  HandoverSubject: { TICKET: '工单', CUSTOMER_OWNER: '客户归属', CUSTOMER_CUSTODIAN: '档案保管' },
  WorkReportKind: {
    VISIT_PLAN: '拜访计划',
    PATROL_DAILY: '巡访日报',
    PATROL_MONTHLY: '每月巡访情况报告',
    PATROL_URGENT: '巡访紧急报告',
  },
  WorkReportState: { DUE: '待提交', SUBMITTED: '已提交', ANSWERED: '已批复' },
  PatrolUrgency: {
    COMPETITOR_POLICY: '竞争对手销售政策重大变化',
    COMPETITOR_TREND: '竞争对手销售或服务新动向',
    OWN_SERVICE_PROBLEM: '发现自身服务问题',
    OTHER: '其他紧急事项',
  },
  ImprovementPlanState: { OPEN: '进行中', CLOSED: '已完成', DROPPED: '已放弃' },
  ServiceChannelKind: {
    HOTLINE: '服务热线',
    ONLINE_CHAT: '在线客服',
    EMAIL: '邮箱',
    COMPLAINT_LINE: '投诉专线',
  },
  FeedbackState: { RECORDED: '已记录', ANSWERED: '已反馈', TICKET: '转为工单' },
  FeedbackTopic: {
    SERVICE: '服务',
    TIMELINESS: '时效',
    SAFETY: '货物安全',
    PRICE: '价格',
    STAFF: '人员',
    BILLING: '结算',
    INFORMATION: '信息',
    OTHER: '其他',
  },
  FollowUpResult: { SATISFIED: '满意', NOT_SATISFIED: '不满意', UNREACHABLE: '联系不上' },
  GradeCandidateOrigin: { ENGINE: '评分引擎', PERSON: '人工建议' },
  GradeCandidateState: { OPEN: '待确认', CONFIRMED: '已确认', REFUSED: '已拒绝', SUPERSEDED: '已被取代' },
  GradingComponent: {
    SALES: '销售额',
    GROWTH: '增长趋势',
    SIZE: '规模与实力',
    PROFIT: '利润贡献',
    LIKELIHOOD: '成交可能性',
    REGION_AND_NATURE: '区域与性质',
  },
  GradingScope: { REGION: '区域内', COMPANY: '全公司' },
  InfoSource: {
    INTERNET: '互联网',
    ADVERTISEMENT: '客户广告',
    TRANSACTION_RECORDS: '交易记录',
    ASSOCIATION_OR_AUTHORITY: '行业协会或主管部门',
    SALES_RESEARCH: '销售代表调研走访',
    MAILED_FORM: '邮寄表格',
    RESEARCH_AGENCY: '调研机构',
    OTHER: '其他',
  },
  InquiryTopic: {
    PRICE: '价格',
    TRANSIT_TIME: '时效',
    COVERAGE: '服务范围',
    ORDERING: '下单',
    OTHER: '其他',
  },
  KnowledgeLanguage: { ZH: '中文', EN: '英文' },
  KnowledgeState: { DRAFT: '草稿', PUBLISHED: '已发布', RETIRED: '已停用' },
  KeyAccountLevel: { A: 'A 级', B: 'B 级', C: 'C 级', D: 'D 级' },
  KeyAccountCandidateState: {
    OPEN: '待处理',
    PROMOTED: '已列为大客户',
    DISMISSED: '不列入',
    LAPSED: '已不符合',
  },
  KeyAccountCompetence: {
    BUSINESS_KNOWLEDGE: '业务知识',
    QUALITY: '综合素质',
    RESPONSIBILITY: '责任心',
    TEAM_SPIRIT: '团队精神',
    PLANNING: '策划能力',
    PRESENTATION: '表达能力',
    PUBLIC_RELATIONS: '公关能力',
    COORDINATION: '协调能力',
  },
  KeyAccountProjectState: {
    DECLARED: '已申报',
    APPROVED: '已批准',
    REJECTED: '已否决',
    IN_PROGRESS: '进行中',
    DONE: '已完成',
  },
  InspectionResult: { SATISFACTORY: '合格', NEEDS_IMPROVEMENT: '需改进' },
  ServiceRequestMode: { ON_SITE: '上门服务', PICKUP: '上门取货' },
  ServiceRequestState: { OPEN: '待处理', IN_PROGRESS: '处理中', DONE: '已完成', CANCELLED: '已取消' },
  KeyAccountIncentiveState: { PENDING: '待审批', APPROVED: '已批准', REFUSED: '已拒绝', PAID: '已兑付' },
  CustomerRequirementState: { OPEN: '待处理', MET: '已满足', DECLINED: '不予满足' },
  CareActionType: { ADVICE: '咨询建议', INFO_SHARE: '信息分享', FOLLOW_UP: '跟踪回访', ADVOCACY: '内部代言' },
  CareActionState: { PLANNED: '已计划', DONE: '已完成', CANCELLED: '已取消' },
  GiftKind: { GIFT: '礼品', HOSPITALITY: '招待' },
  GiftState: { WITHIN_LIMIT: '限额内', PENDING: '待审批', APPROVED: '已批准', REFUSED: '已拒绝' },
  KeyAccountMeetingType: {
    KA_SYMPOSIUM: '大客户座谈会',
    KA_DEMAND_ANALYSIS: '需求分析会',
    EXECUTIVE_SYMPOSIUM: '高层座谈会',
  },
  ChurnReason: { VOLUME_DROP: '业务量下降', COMPLAINTS: '投诉增多', CONTACT_OVERDUE: '联络逾期' },
  RevenueReportState: { DUE: '待提交', SUBMITTED: '已提交', FORWARDED: '已转呈' },
  KeyAccountAnalysisType: {
    GROWTH: '增长分析',
    VALUE: '价值分析',
    BEHAVIOUR: '行为分析',
    SATISFACTION: '满意度分析',
    ONE_TO_ONE: '一对一分析',
  },
  KeyAccountProposalKind: { PROMOTION: '列为大客户', LEVEL_CHANGE: '级别变更' },
  KeyAccountProposalState: { PENDING: '待审批', APPROVED: '已批准', REFUSED: '已拒绝', WITHDRAWN: '已撤回' },
  KpiDimensionKind: {
    COMPANY: '公司',
    DEPARTMENT: '部门',
    TEAM: '团队',
    EMPLOYEE: '员工',
    CUSTOMER: '客户',
    AREA: '区域',
  },
  KpiDirection: { HIGHER_IS_BETTER: '越高越好', LOWER_IS_BETTER: '越低越好' },
  KpiUnit: {
    PERCENT: '百分比',
    COUNT: '数量',
    HOURS: '小时',
    MONEY: '金额',
    SCORE: '分',
    MINUTES: '分钟',
    RATIO: '比率',
    PER_TEN_THOUSAND: '万分比',
  },
  Liability: { NOT_COMPANY: '非公司责任', COMPANY: '公司责任', SHARED: '共同责任' },
  MetricCut: {
    NONE: '合计',
    CATEGORY: '类别',
    AREA: '区域',
    GRADE: '等级',
    MODE: '运输方式',
    LEVEL: '大客户级别',
    CAUSE: '原因',
  },
  LookupSource: { INTERNAL: '本公司系统', CARRIER: '合作承运商' },
  DevelopmentTopic: {
    DEVELOPMENT: '发展动态',
    CULTURE: '企业文化',
    POLICY: '发展方针',
    NEWS: '新闻',
    ANALYSIS: '动向分析',
    OTHER: '其他',
  },
  CorrectionState: { REQUESTED: '待更正', CORRECTED: '已更正' },
  DataFormState: { SENT: '已寄出', RETURNED: '已收回' },
  LossReason: {
    PRICE: '价格',
    SERVICE: '服务',
    TIMELINESS: '时效',
    COMPETITOR: '竞争对手',
    CREDIT: '信用',
    NO_DEMAND: '无需求',
    CLOSED_DOWN: '停业',
    OTHER: '其他',
  },
  PendingUpdateOrigin: { VISIT: '拜访', CONTRACT: '合同', TICKET: '工单', NOTE: '动态记录', OTHER: '其他' },
  PendingUpdateState: { OPEN: '待更新', DONE: '已更新', DISMISSED: '不需更新' },
  NoticeChannel: { WRITTEN: '书面', PHONE: '电话' },
  ObligationState: {
    OPEN: '进行中',
    WARNED: '已预警',
    OVERDUE: '已逾期',
    MET: '已完成',
    CANCELLED: '已取消',
  },
  ReplyState: { SENT: '已发出', PENDING_REVIEW: '待审核', REFUSED: '已退回' },
  Role: {
    COMPANY_LEADER: '公司领导',
    HEAD: '部门经理',
    DEPUTY: '副经理',
    SALES_SUPERVISOR: '销售主管',
    CS_SUPERVISOR: '客户服务主管',
    KA_SUPERVISOR: '大客户主管',
    KA_SPECIALIST: '大客户专员',
    ACCOUNT_MANAGER_LOGISTICS: '物流客户经理',
    ACCOUNT_MANAGER_LEASING: '土地租赁客户经理',
    SALES_REP: '销售代表',
    MARKET_DEVELOPER: '市场拓展专员',
    CS_AGENT: '客服专员',
    DATA_ANALYST: '数据分析员',
    MARKETING_CLERK: '营销内勤',
    FINANCE: '财务',
    HR: '人力资源',
    OPERATIONS: '运营',
    QUALITY: '质量控制',
    OTHER_DEPARTMENT: '其他部门',
    INTERNAL_AUDITOR: '内部审计',
    ADMIN: '系统管理员',
  },
  RootCause: {
    DELAY: '延误',
    LOSS: '丢失',
    DAMAGE: '破损',
    WRONG_DELIVERY: '错送',
    STAFF_ATTITUDE: '服务态度',
    BILLING: '账单',
    INFORMATION: '信息',
    PARTNER: '合作方',
    CUSTOMER_SIDE: '客户方',
    OTHER: '其他',
  },
  RoutingRule: { KEY_ACCOUNT: '大客户', SALE: '销售过程', SERVICE: '客户服务', TRANSFER: '人工转交' },
  SlaRecomputeCause: { POLICY: '服务时限政策变更', CALENDAR: '日历变更', SETTING: '配置变更' },
  ServiceModel: {
    STANDARD: '标准',
    CONSULTING: '咨询式',
    ON_SITE: '驻场',
    DOOR_TO_DOOR: '门到门',
    CUSTOM: '定制',
  },
  ShipmentMode: {
    ROAD: '公路',
    AIR: '空运',
    AIR_CHARTER: '包机',
    RAIL: '铁路',
    OCEAN: '海运',
    EXPRESS: '快递',
    OTHER: '其他',
  },
  TeamChoice: {
    ONLY_TEAM: '唯一团队',
    PERSON_IN_CHARGE: '客户负责人所在团队',
    AREA: '服务区域',
    BUSINESS_LINE: '业务线',
    DEPARTMENT: '负责部门',
    OPENER: '登记人所在团队',
    OLDEST_TEAM: '最早成立的团队',
  },
  TeamType: {
    MARKET_DEVELOPMENT: '市场拓展组',
    SALES: '销售组',
    CUSTOMER_SERVICE: '客户服务组',
    DATA_ANALYSIS: '数据分析组',
    KEY_ACCOUNT: '大客户组',
    OTHER: '其他',
  },
  TicketCategory: { INQUIRY: '咨询', SHIPMENT_QUERY: '查询', COMPLAINT: '投诉' },
  TicketChannel: {
    PHONE: '电话',
    EMAIL: '邮件',
    ON_SITE: '现场',
    LETTER: '信函',
    ONLINE: '在线',
    OTHER: '其他',
  },
  TicketPriority: { NORMAL: '普通', HIGH: '高', URGENT: '紧急' },
  TicketSeverity: { GENERAL: '一般', SERIOUS: '严重' },
  TicketStatus: {
    RECEIVED: '已受理',
    ACKNOWLEDGED: '已确认',
    INVESTIGATING: '调查中',
    RESPONSIBILITY_SET: '责任已定',
    PLAN_PROPOSED: '已提方案',
    PLAN_APPROVED: '方案已批准',
    IMPLEMENTING: '实施中',
    RESOLVED: '已解决',
    FOLLOW_UP: '回访中',
    IN_PROGRESS: '处理中',
    ANSWERED: '已答复',
    CLOSED: '已关闭',
    CANCELLED: '已取消',
  },
  CadenceDimension: {
    CALL: '电话联络',
    VISIT: '拜访',
    EXECUTIVE_VISIT: '高层拜访',
    EXECUTIVE_EXCHANGE: '高层互访',
    PATROL: '服务巡访',
    FOLLOW_UP: '回访',
    LEASE: '租赁拜访',
  },
  VisitState: { PLANNED: '已计划', DONE: '已完成', MISSED: '已错过', CANCELLED: '已取消' },
  VisitType: {
    RELATION: '关系拜访',
    FOLLOW_UP: '回访',
    EXECUTIVE_EXCHANGE: '高层互访',
    SERVICE_PATROL: '服务巡访',
    CUSTOMER_EVENT: '客户活动',
    LEASE: '租赁拜访',
  },
};

interface EnumLabel {
  readonly code: string;
  readonly label: Text;
}

/** `NOT_SATISFIED` reads "Not satisfied". */
function english(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return code.length <= 2 ? code : `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

const LABELS: ReadonlyMap<string, readonly EnumLabel[]> = new Map(
  Object.entries(CHINESE).map(([name, values]) => [
    name,
    Object.entries(values).map(([code, chinese]) => ({ code, label: text(english(code), chinese) })),
  ]),
);

/** What a code is called; a code without a label is called as it is. */
export function enumLabel(name: string, code: string, locale: Locale): string {
  const label = byCode.get(name)?.get(code);
  return label ? inLocale(label, locale) : code;
}

const byCode: ReadonlyMap<string, ReadonlyMap<string, Text>> = new Map(
  [...LABELS].map(([name, labels]) => [name, new Map(labels.map(({ code, label }) => [code, label]))]),
);

const EnumLabelType = builder.objectRef<EnumLabel>('EnumLabel').implement({
  description: 'What a code is called.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'The value of the enum; the same in every language.' }),
    label: t.string({
      description: 'In the language of Accept-Language.',
      resolve: ({ label }, _args, context) => inLocale(label, context.locale),
    }),
  }),
});

const EnumLabelsType = builder
  .objectRef<{ readonly name: string; readonly values: readonly EnumLabel[] }>('EnumLabels')
  .implement({
    description: 'The values of an enum with their labels.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Name of the enum in this schema.' }),
      values: t.field({ type: [EnumLabelType], resolve: (labels) => [...labels.values] }),
    }),
  });

builder.queryField('enumLabels', (t) =>
  t.field({
    type: [EnumLabelsType],
    description: 'What the codes of the enums are called, in the language of Accept-Language.',
    args: { names: t.arg.stringList({ description: 'Only these enums; all without it.' }) },
    resolve: (_root, { names }) =>
      [...LABELS]
        .filter(([name]) => !names || names.includes(name))
        .map(([name, values]) => ({ name, values })),
  }),
);
