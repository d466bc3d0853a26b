-- CreateEnum
CREATE TYPE "VisitSurveyState" AS ENUM ('OPEN', 'CLOSED');

-- CreateTable
CREATE TABLE "visit_survey" (
    "id" UUID NOT NULL,
    "visit_id" UUID NOT NULL,
    "state" "VisitSurveyState" NOT NULL DEFAULT 'OPEN',
    "opinions" TEXT NOT NULL,
    "answers" TEXT,
    "visitor_comment" TEXT NOT NULL,
    "supervisor_comment" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "closed_by_id" UUID,
    "closed_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "visit_survey_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "visit_survey_visit_id_key" ON "visit_survey"("visit_id");

-- CreateIndex
CREATE INDEX "visit_survey_created_at_id_idx" ON "visit_survey"("created_at", "id");

-- AddForeignKey
ALTER TABLE "visit_survey" ADD CONSTRAINT "visit_survey_visit_id_fkey" FOREIGN KEY ("visit_id") REFERENCES "visit"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
