import { z } from 'zod';
import { approvalChain, type Chain } from '../lib/approval-chain.ts';
import { setting } from '../platform/settings-register.ts';

const hours = z
  .number()
  .positive()
  .max(24 * 366);
const days = z.number().int().min(1).max(366);

/** Policy numbers of tickets (rulebook section 26). The limits themselves are rows of SlaPolicy. */
export const TICKET_SETTINGS = {
  atRisk: setting({
    key: 'sla.atRisk',
    description: 'Share of a limit after which a ticket is at risk; 0.8 is 80 %.',
    default: 0.8,
    origin: 'D',
    source: 'TIC-06, TIC-34',
    schema: z.number().gt(0).lt(1),
  }),
  keyAccountFactor: setting({
    key: 'sla.keyAccountFactor',
    description: 'Multiplies every limit of key accounts and grade A customers.',
    default: 0.5,
    origin: 'D',
    source: 'KEY-26',
    schema: z.number().gt(0).max(1),
  }),
  registerMinutes: setting({
    key: 'sla.registerMinutes',
    description: 'Minutes from the contact to its registration.',
    default: 15,
    origin: 'D',
    source: 'TIC-04',
    schema: z.number().int().min(1).max(1440),
  }),
  dispatchHours: setting({
    key: 'sla.dispatchHours',
    description: 'Hours from a complaint to its dispatch to the departments concerned.',
    default: 2,
    origin: 'D',
    source: 'TIC-14',
    schema: hours,
  }),
  complaintProcedure: setting({
    key: 'ticket.complaintProcedure',
    description:
      'The complaint procedure in force that the form of a complaint names: its title, and the https address where it can be read (empty while it is not published).',
    default: { title: '投诉处理程序 Complaint procedure', url: '' },
    origin: 'D',
    source: 'TIC-29',
    schema: z.object({
      title: z.string().min(1).max(200),
      url: z.union([z.literal(''), z.url({ protocol: /^https$/ })]),
    }),
  }),
  dispatchConfirmHours: setting({
    key: 'sla.dispatchConfirmHours',
    description: 'Hours in which a department confirms a ticket that was dispatched to it.',
    default: 4,
    origin: 'D',
    source: 'TIC-18',
    schema: hours,
  }),
  pauseWhileWaiting: setting({
    key: 'sla.pauseWhileWaiting',
    description:
      'Whether the clocks of inquiries and shipment queries stop while the customer is awaited. Complaint clocks never do.',
    default: false,
    origin: 'D',
    source: 'TIC-36',
    schema: z.boolean(),
  }),
  assignment: setting({
    key: 'ticket.assignment',
    description:
      "How tickets that come to a team's queue find their handler: MANUAL (they wait until taken or assigned), ROUND_ROBIN (by turns) or LOAD (to whoever has the fewest open tickets).",
    default: 'MANUAL',
    origin: 'D',
    source: 'CFL-14',
    schema: z.enum(['MANUAL', 'ROUND_ROBIN', 'LOAD']),
  }),
  planChain: setting<Chain>({
    key: 'ticket.planChain',
    description:
      'Who approves the plan of a serious complaint. The DECISION limit of its service policy is the limit; `within` where a ticket has no clock.',
    default: { steps: [{ approvers: [{ role: 'HEAD', scope: 'ALL' }], within: 'PT4H' }] },
    origin: 'D',
    source: 'TIC-20',
    schema: approvalChain(['HEAD', 'DEPUTY', 'CS_SUPERVISOR', 'COMPANY_LEADER']),
  }),
  seriousAmount: setting({
    key: 'ticket.seriousAmount',
    description: 'A complaint that claims this much or more, in the business currency, is serious.',
    default: '10000.00',
    origin: 'D',
    source: 'TIC-20',
    schema: z.string().regex(/^\d{1,16}\.\d{2}$/),
  }),
  repeatCount: setting({
    key: 'ticket.repeatCount',
    description: "A customer's complaint of this number within `days` is serious.",
    default: { count: 3, days: 30 },
    origin: 'D',
    source: 'TIC-20',
    schema: z.object({ count: z.number().int().min(2), days }),
  }),
  followUpDays: setting({
    key: 'ticket.followUpDays',
    description: 'Days after RESOLVED on which the customer is called back.',
    default: 3,
    origin: 'D',
    source: 'TIC-25',
    schema: days,
  }),
  followUpTries: setting({
    key: 'ticket.followUpTries',
    description: 'Tries after which an unreachable customer counts as followed up.',
    default: 3,
    origin: 'D',
    source: 'TIC-25',
    schema: z.number().int().min(1).max(10),
  }),
  reopenDays: setting({
    key: 'ticket.reopenDays',
    description: 'Days after CLOSED within which a complaint can be reopened.',
    default: 30,
    origin: 'D',
    source: 'TIC-37',
    schema: days,
  }),
  escalationHours: setting({
    key: 'ticket.escalationHours',
    description: 'Hours after the final limit at which levels L2, L3 and L4 are reached.',
    default: [0, 24, 48],
    origin: 'D',
    source: 'TIC-34',
    schema: z
      .array(
        z
          .number()
          .min(0)
          .max(24 * 366),
      )
      .length(3),
  }),
  escalationAcknowledgeHours: setting({
    key: 'ticket.escalationAcknowledgeHours',
    description:
      'Hours in which one of the persons whom level L1, L2, L3 or L4 names takes note of the escalation of a complaint; else the next level is raised.',
    default: [8, 12, 24, 24],
    origin: 'D',
    source: 'TIC-34',
    schema: z.array(hours).length(4),
  }),
  followUpRetryHours: setting({
    key: 'ticket.followUpRetryHours',
    description: 'Hours after a return call that did not reach the customer at which the next try is due.',
    default: 24,
    origin: 'D',
    source: 'TIC-25',
    schema: hours,
  }),
  rootCauseCount: setting({
    key: 'ticket.rootCauseCount',
    description: 'Complaints of one root cause within `days` that make it a recurring one.',
    default: { count: 5, days: 30 },
    origin: 'D',
    source: 'TIC-26',
    schema: z.object({ count: z.number().int().min(2), days }),
  }),
  reminderMax: setting({
    key: 'ticket.reminderMax',
    description: 'Reminders of one person without a reaction after which a ticket is escalated.',
    default: 2,
    origin: 'D',
    source: 'TIC-31',
    schema: z.number().int().min(1).max(10),
  }),
  reminderHours: setting({
    key: 'ticket.reminderHours',
    description: 'Hours in which whoever is reminded of a ticket reacts.',
    default: 4,
    origin: 'D',
    source: 'TIC-31',
    schema: hours,
  }),
  respectDelegate: setting({
    key: 'ticket.respectDelegate',
    description:
      "Who makes the respect contact beside HEAD and those whom HEAD sends: SUPERVISOR (the handler's superior) or NOBODY.",
    default: 'SUPERVISOR',
    origin: 'D',
    source: 'TIC-22',
    schema: z.enum(['SUPERVISOR', 'NOBODY']),
  }),
  recordingMonths: setting({
    key: 'ticket.recordingMonths',
    description:
      'Months for which the recording of a call is kept after it was attached; its content is removed then.',
    default: 24,
    origin: 'D',
    source: 'TIC-10',
    schema: z.number().int().min(1).max(240),
  }),
} as const;
