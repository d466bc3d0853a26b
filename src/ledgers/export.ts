import { type ExportEntity, fromField } from '../exports/entity.ts';
import { text } from '../lib/text.ts';
import { LEDGER_FIELDS, ledgerList } from './queries.ts';

const HEADINGS = {
  month: text('Month', '月份'),
  overall: text('Whole company', '全公司'),
  owner: text('In charge', '负责人'),
  customers: text('Customers', '客户数'),
  filesComplete: text('Complete files', '档案完整数'),
  visitsDone: text('Visits made', '完成拜访数'),
  visitsMissed: text('Visits missed', '未完成拜访数'),
  contactsReached: text('Contacts reached', '有效联络数'),
  complaintsReceived: text('Complaints received', '受理投诉数'),
  complaintsDue: text('Complaints due', '到期投诉数'),
  complaintsInTime: text('Complaints resolved in time', '按时解决投诉数'),
  followUpsAnswered: text('Return calls answered', '接通回访数'),
  followUpsSatisfied: text('Satisfied customers', '满意回访数'),
} satisfies Record<keyof typeof LEDGER_FIELDS, ReturnType<typeof text>>;

/** The monthly ledgers as a file (CUS-08). */
export const ledgerExport: ExportEntity = {
  list: 'monthlyLedgers',
  entity: 'MonthlyLedger',
  title: text('Monthly ledgers', '月度台账'),
  source: ledgerList,
  columns: Object.entries(HEADINGS).map(([code, heading]) => fromField(LEDGER_FIELDS, code, heading)),
};
