-- AlterTable
ALTER TABLE "escalation" ADD COLUMN     "named" JSONB;

-- CreateTable
CREATE TABLE "duty_desk" (
    "id" UUID NOT NULL,
    "team_id" UUID NOT NULL,
    "calendar_code" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "closed_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "duty_desk_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "duty_shift" (
    "id" UUID NOT NULL,
    "plan_id" UUID NOT NULL,
    "desk_id" UUID NOT NULL,
    "employee_id" UUID NOT NULL,
    "from" TIMESTAMPTZ(3) NOT NULL,
    "to" TIMESTAMPTZ(3) NOT NULL,
    "phone" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by_id" UUID NOT NULL,
    "handover_note" TEXT,
    "handover_at" TIMESTAMPTZ(3),
    "swapped_from_id" UUID,
    "swap_reason" TEXT,
    "cancelled_at" TIMESTAMPTZ(3),
    "cancel_reason" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "duty_shift_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "duty_desk_team_id_idx" ON "duty_desk"("team_id");

-- CreateIndex
CREATE INDEX "duty_shift_desk_id_to_idx" ON "duty_shift"("desk_id", "to");

-- CreateIndex
CREATE INDEX "duty_shift_employee_id_to_idx" ON "duty_shift"("employee_id", "to");

-- CreateIndex
CREATE INDEX "duty_shift_plan_id_idx" ON "duty_shift"("plan_id");

-- AddForeignKey
ALTER TABLE "duty_shift" ADD CONSTRAINT "duty_shift_desk_id_fkey" FOREIGN KEY ("desk_id") REFERENCES "duty_desk"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- One open desk per team.
CREATE UNIQUE INDEX duty_desk_open_sql ON duty_desk (team_id) WHERE closed_at IS NULL;
