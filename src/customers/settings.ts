import { z } from 'zod';
import { approvalChain, type Chain } from '../lib/approval-chain.ts';
import { setting } from '../platform/settings-register.ts';

const FILE_PART_CODES = [
  'BASIC_DATA',
  'PROFILE',
  'CONTACTS',
  'KEY_LEADERS',
  'CUSTODIAN',
  'CONTRACTS',
  'TRANSACTIONS',
  'VISITS',
  'COMPLAINTS',
  'SATISFACTION',
  'CREDIT',
  'RELATIONSHIP_PLAN',
] as const;

type FilePartCode = (typeof FILE_PART_CODES)[number];

/** Policy numbers of customer files (rulebook section 26). */
export const CUSTOMER_SETTINGS = {
  grantDays: setting({
    key: 'access.grantDays',
    description: 'Days for which an approved access request opens a file.',
    default: 30,
    origin: 'D',
    source: 'CUS-18',
    schema: z.number().int().min(1).max(366),
  }),
  allowGrantForA: setting({
    key: 'access.allowGrantForA',
    description: 'Whether access to a grade A file can be granted at all.',
    default: false,
    origin: 'D',
    source: 'CUS-18, CFL-09',
    schema: z.boolean(),
  }),
  inactiveDays: setting({
    key: 'customer.inactiveDays',
    description: 'Days after an order or registration for which a customer counts as active.',
    default: 90,
    origin: 'D',
    source: 'CUS-36, KPI-13',
    schema: z.number().int().min(1).max(730),
  }),
  priorityRule: setting<('KEY_ACCOUNT' | 'GRADE_A')[]>({
    key: 'customer.priorityRule',
    description: 'What makes a priority customer: any of being a key account and having file grade A.',
    default: ['KEY_ACCOUNT', 'GRADE_A'],
    origin: 'D',
    source: 'CFL-31, KPI-15',
    schema: z.array(z.enum(['KEY_ACCOUNT', 'GRADE_A'])).min(1),
  }),
  fileScope: setting({
    key: 'customer.fileScope',
    description: 'Life stages of the customers whose file must be complete, and which are graded.',
    default: ['ACTIVE', 'DORMANT'],
    origin: 'D',
    source: 'CUS-35, KPI-44, KPI-55, KPI-64',
    schema: z.array(z.enum(['TARGET', 'LEAD', 'QUALIFIED', 'ACTIVE', 'DORMANT', 'LOST'])).min(1),
  }),
  requiredParts: setting<FilePartCode[]>({
    key: 'file.requiredParts',
    description:
      'Parts without which a file is not complete, of those in CUS-14. Parts that only events bring, such as visits and complaints, are not required of anybody by default.',
    default: ['BASIC_DATA', 'CONTACTS'],
    origin: 'D',
    source: 'CUS-14, KPI-55',
    schema: z.array(z.enum(FILE_PART_CODES)).min(1),
  }),
  requiredPartsPriority: setting<FilePartCode[]>({
    key: 'file.requiredPartsPriority',
    description:
      'Parts that files of priority customers (customer.priorityRule) must hold beside those of file.requiredParts.',
    default: ['PROFILE', 'KEY_LEADERS', 'RELATIONSHIP_PLAN'],
    origin: 'D',
    source: 'CUS-03, CUS-14, CUS-16',
    schema: z.array(z.enum(FILE_PART_CODES)),
  }),
  requiredPapers: setting<
    ('BUSINESS_LICENCE' | 'CONTRACT' | 'CERTIFICATE' | 'CORRESPONDENCE' | 'REPORT' | 'OTHER')[]
  >({
    key: 'file.requiredPapers',
    description: 'Kinds of paper without which the papers of a file are not archived.',
    default: ['BUSINESS_LICENCE', 'CONTRACT'],
    origin: 'D',
    source: 'CUS-10',
    schema: z.array(
      z.enum(['BUSINESS_LICENCE', 'CONTRACT', 'CERTIFICATE', 'CORRESPONDENCE', 'REPORT', 'OTHER']),
    ),
  }),
  fileWarnDays: setting({
    key: 'file.warnDays',
    description: 'Days after which known information that is not in the file is warned of.',
    default: 1,
    origin: 'S',
    source: 'CUS-20, CFL-16',
    schema: z.number().int().min(1).max(30),
  }),
  fileMaxDays: setting({
    key: 'file.maxDays',
    description: 'Days within which known information must have entered the file.',
    default: 2,
    origin: 'S',
    source: 'CUS-20, CFL-16',
    schema: z.number().int().min(1).max(60),
  }),
  verifyDays: setting({
    key: 'file.verifyDays',
    description: 'Days after which a file must be verified with the customer again.',
    default: 90,
    origin: 'D',
    source: 'CUS-23',
    schema: z.number().int().min(1).max(730),
  }),
  verifyDaysPriority: setting({
    key: 'file.verifyDaysPriority',
    description: 'The same for priority customers (customer.priorityRule).',
    default: 30,
    origin: 'D',
    source: 'CUS-23',
    schema: z.number().int().min(1).max(730),
  }),
  custodianRole: setting<'MARKETING_CLERK' | 'SALES_SUPERVISOR' | 'CS_SUPERVISOR' | 'DATA_ANALYST' | 'HEAD'>({
    key: 'file.custodianRole',
    description:
      'Role whose first holder keeps a file that nobody was named for; grade A files go to dedicated people.',
    default: 'MARKETING_CLERK',
    origin: 'D',
    source: 'CUS-21, CFL-28',
    schema: z.enum(['MARKETING_CLERK', 'SALES_SUPERVISOR', 'CS_SUPERVISOR', 'DATA_ANALYST', 'HEAD']),
  }),
  intelligenceDays: setting({
    key: 'file.intelligenceDays',
    description: 'Days without a note on its development after which news on a grade A customer are missed.',
    default: 30,
    origin: 'D',
    source: 'CUS-28',
    schema: z.number().int().min(1).max(366),
  }),
  registrationDays: setting({
    key: 'customer.registrationDays',
    description: 'Working days within which a customer whose contract is signed must be registered.',
    default: 1,
    origin: 'D',
    source: 'CUS-06',
    schema: z.number().int().min(1).max(30),
  }),
  gradeShares: setting({
    key: 'grading.shares',
    description: 'Share of all graded customers that each grade should have, in percent; D is part of C.',
    default: { A: 20, B: 40, C: 40 },
    origin: 'S',
    source: 'CUS-24, KPI-64',
    schema: z
      .object({
        A: z.number().min(0).max(100),
        B: z.number().min(0).max(100),
        C: z.number().min(0).max(100),
      })
      .refine(({ A, B, C }) => Math.abs(A + B + C - 100) < 1e-9, 'the shares must add up to 100'),
  }),
  approvalChain: setting<Chain>({
    key: 'access.approvalChain',
    description:
      'Who decides requests for access to a customer file, and within what time; DEPUTY in the own areas alone.',
    default: {
      steps: [
        {
          approvers: [
            { role: 'HEAD', scope: 'ALL' },
            { role: 'DEPUTY', scope: 'AREA' },
          ],
          within: 'P2D',
        },
      ],
    },
    origin: 'D',
    source: 'CUS-18',
    schema: approvalChain(['HEAD', 'DEPUTY']),
  }),
  insideTeams: setting({
    key: 'org.insideTeams',
    description:
      'Types of team that count as inside the department; only their members can be dedicated to a customer.',
    default: ['MARKET_DEVELOPMENT', 'SALES', 'CUSTOMER_SERVICE', 'DATA_ANALYSIS', 'KEY_ACCOUNT'],
    origin: 'D',
    source: 'CFL-32, CUS-17',
    schema: z.array(
      z.enum(['MARKET_DEVELOPMENT', 'SALES', 'CUSTOMER_SERVICE', 'DATA_ANALYSIS', 'KEY_ACCOUNT', 'OTHER']),
    ),
  }),
} as const;
