-- CreateEnum
CREATE TYPE "CadenceDimension" AS ENUM ('CALL', 'VISIT', 'EXECUTIVE_VISIT', 'EXECUTIVE_EXCHANGE', 'PATROL', 'FOLLOW_UP', 'LEASE');

-- AlterTable
ALTER TABLE "obligation" ADD COLUMN     "done" INTEGER,
ADD COLUMN     "required" INTEGER;

-- What customers are owed, without what lies behind: the due list of a manager looks at nothing else.
create index obligation_cadence_idx on obligation (subject_id, due_at)
  where required is not null and state in ('OPEN', 'WARNED', 'OVERDUE') and met_at is null
    and (state <> 'OVERDUE' or kind in ('CADENCE_EXECUTIVE_VISIT', 'CADENCE_FOLLOW_UP'));
-- Return calls are few among contacts.
create index contact_log_follow_up_idx on contact_log (customer_id, at) where follow_up;
