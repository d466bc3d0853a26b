import { accessGrantById, accessGrantVisible } from '../../customers/queries/access-grants.ts';
import type { ApprovalChain } from '../../generated/prisma/enums.ts';
import { recordById, recordReadable } from '../../key-accounts/queries/records.ts';
import { GIFT, INCENTIVE } from '../../key-accounts/rules/record-specs.ts';
import { proposalById, proposalReadable } from '../../key-accounts/queries/ranks.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { Loader } from '../../platform/loaders.ts';
import { any, type Sql, sql } from '../../platform/sql.ts';
import type { ViewerSql } from '../../platform/visibility.ts';
import { ticketById } from '../../tickets/queries/tickets.ts';
import { ticketReadable } from '../../tickets/queries/visibility.ts';
import type { SubjectPlace } from './seats.ts';

/** A kind of record that is approved, and what decides about its approvals; its rows have the alias `x`. */
interface ApprovalSubjectReads {
  readonly from: Sql;
  readonly readable: (viewer: ViewerSql, row: Sql) => Sql;
  readonly area: Sql;
  readonly department: Sql;
  /** Through the record's own visibility. */
  readonly byId: Loader<Reader, string, { readonly id: string } | null>;
}

/** The records that are approved. A further one is an entry here and one in src/approval-subjects.ts. */
export const SUBJECTS = {
  Ticket: {
    from: sql`ticket x`,
    readable: ticketReadable,
    area: sql`x.area_id`,
    department: sql`x.responsible_department_id`,
    byId: ticketById,
  },
  AccessGrant: {
    from: sql`access_grant x join customer xc on xc.id = x.customer_id`,
    readable: accessGrantVisible,
    area: sql`xc.area_id`,
    department: sql`null::uuid`,
    byId: accessGrantById,
  },
  KeyAccountIncentive: {
    from: sql`key_account_incentive x join key_account xk on xk.id = x.key_account_id join customer xc on xc.id = xk.customer_id`,
    readable: (viewer: ViewerSql, row: Sql) => recordReadable(viewer, INCENTIVE, row),
    area: sql`xc.area_id`,
    department: sql`null::uuid`,
    byId: recordById(INCENTIVE),
  },
  GiftRecord: {
    from: sql`gift_record x join key_account xk on xk.id = x.key_account_id join customer xc on xc.id = xk.customer_id`,
    readable: (viewer: ViewerSql, row: Sql) => recordReadable(viewer, GIFT, row),
    area: sql`xc.area_id`,
    department: sql`null::uuid`,
    byId: recordById(GIFT),
  },
  KeyAccountProposal: {
    from: sql`key_account_proposal x join customer xc on xc.id = x.customer_id`,
    readable: proposalReadable,
    area: sql`xc.area_id`,
    department: sql`null::uuid`,
    byId: proposalById,
  },
} as const satisfies Record<string, ApprovalSubjectReads>;

export type ApprovalSubjectType = keyof typeof SUBJECTS;

export const SUBJECT_TYPES = Object.keys(SUBJECTS) as ApprovalSubjectType[];

/** What each chain decides. */
export const SUBJECT_OF: Readonly<Record<ApprovalChain, ApprovalSubjectType>> = {
  COMPLAINT_PLAN: 'Ticket',
  CUSTOMER_ACCESS: 'AccessGrant',
  KEY_ACCOUNT_RANK: 'KeyAccountProposal',
  KEY_ACCOUNT_INCENTIVE: 'KeyAccountIncentive',
  KEY_ACCOUNT_GIFT: 'GiftRecord',
};

export function subjectReads(type: string): ApprovalSubjectReads {
  const reads = (SUBJECTS as Readonly<Record<string, ApprovalSubjectReads>>)[type];
  if (!reads) throw new Error(`Nothing is known of approvals of a ${type}.`);
  return reads;
}

/** Where the subject of an approval lies, as it stands now. */
export function placeOf(a: Sql): SubjectPlace {
  return { area: ofSubject(a, 'area'), department: ofSubject(a, 'department') };
}

function ofSubject(a: Sql, column: 'area' | 'department'): Sql {
  const cases = SUBJECT_TYPES.map((type) => {
    const subject = SUBJECTS[type];
    return sql`when ${type} then (select ${subject[column]} from ${subject.from} where x.id = ${a}.subject_id)`;
  });
  return sql`(case ${a}.subject_type ${joined(cases)} end)`;
}

function joined(parts: readonly Sql[]): Sql {
  return parts.reduce((all, part) => sql`${all} ${part}`);
}

/** True where the viewer may read what an approval is about. */
export function subjectReadable(viewer: ViewerSql, a: Sql): Sql {
  return any(
    SUBJECT_TYPES.map((type) => {
      const { from, readable } = SUBJECTS[type];
      return sql`(${a}.subject_type = ${type} and exists (
        select 1 from ${from} where x.id = ${a}.subject_id and ${readable(viewer, sql`x`)}))`;
    }),
  );
}
