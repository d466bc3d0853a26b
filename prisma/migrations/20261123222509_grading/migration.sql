-- CreateEnum
CREATE TYPE "GradingScope" AS ENUM ('REGION', 'COMPANY');

-- CreateEnum
CREATE TYPE "GradingComponent" AS ENUM ('SALES', 'GROWTH', 'SIZE', 'PROFIT', 'LIKELIHOOD', 'REGION_AND_NATURE');

-- CreateEnum
CREATE TYPE "GradeCandidateOrigin" AS ENUM ('ENGINE', 'PERSON');

-- CreateEnum
CREATE TYPE "GradeCandidateState" AS ENUM ('OPEN', 'CONFIRMED', 'REFUSED', 'SUPERSEDED');

-- CreateTable
CREATE TABLE "grading_profile" (
    "customer_id" UUID NOT NULL,
    "size" TEXT,
    "likelihood" TEXT,
    "nature" TEXT,
    "updated_by_id" UUID NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "grading_profile_pkey" PRIMARY KEY ("customer_id")
);

-- CreateTable
CREATE TABLE "grading_run" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "day" DATE NOT NULL,
    "scope" "GradingScope" NOT NULL,
    "weights" JSONB NOT NULL,
    "shares" JSONB NOT NULL,
    "scored" INTEGER NOT NULL,
    "unscored" INTEGER NOT NULL,
    "candidates" INTEGER NOT NULL,

    CONSTRAINT "grading_run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "grade_score" (
    "run_id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "rank" INTEGER NOT NULL,
    "population" INTEGER NOT NULL,
    "score" DECIMAL(7,4) NOT NULL,
    "grade" "CustomerGrade" NOT NULL,
    "components" JSONB NOT NULL,

    CONSTRAINT "grade_score_pkey" PRIMARY KEY ("run_id","customer_id")
);

-- CreateTable
CREATE TABLE "grade_candidate" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "origin" "GradeCandidateOrigin" NOT NULL,
    "from" "CustomerGrade",
    "to" "CustomerGrade" NOT NULL,
    "state" "GradeCandidateState" NOT NULL DEFAULT 'OPEN',
    "run_id" UUID,
    "score" DECIMAL(7,4),
    "rank" INTEGER,
    "population" INTEGER,
    "components" JSONB,
    "proposed_by_id" UUID,
    "reason" TEXT,
    "raised_at" TIMESTAMPTZ(3) NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_by_id" UUID,
    "decided_at" TIMESTAMPTZ(3),
    "decision_reason" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "grade_candidate_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "grading_run_at_idx" ON "grading_run"("at");

-- CreateIndex
CREATE INDEX "grade_candidate_customer_id_raised_at_idx" ON "grade_candidate"("customer_id", "raised_at");

-- CreateIndex
CREATE INDEX "grade_candidate_raised_at_id_idx" ON "grade_candidate"("raised_at", "id");

-- A customer has one proposal of the engine that waits, and one of a person.
create unique index grade_candidate_one_open_idx on grade_candidate (customer_id, origin) where state = 'OPEN';
alter table grade_candidate
  add constraint grade_candidate_person_says_why
    check ((origin = 'PERSON') = (proposed_by_id is not null) and (origin = 'PERSON') = (reason is not null)),
  add constraint grade_candidate_engine_says_why
    check ((origin = 'ENGINE') = (run_id is not null) and (origin = 'ENGINE') = (components is not null)),
  add constraint grade_candidate_decided
    check ((state in ('CONFIRMED', 'REFUSED')) = (decided_by_id is not null)),
  add constraint grade_candidate_is_a_change check ("from" is distinct from "to");
