-- CreateEnum
CREATE TYPE "BudgetState" AS ENUM ('DRAFT', 'SUBMITTED', 'FINANCE_APPROVED', 'APPROVED', 'ACTIVE', 'CLOSED');

-- CreateEnum
CREATE TYPE "BudgetCategory" AS ENUM ('MARKET_EXPANSION', 'CUSTOMER_SERVICE', 'DATA_ANALYSIS', 'PROMOTION', 'TRAINING', 'OTHER');

-- CreateEnum
CREATE TYPE "CustomerLifecycle" AS ENUM ('TARGET', 'LEAD', 'QUALIFIED', 'ACTIVE', 'DORMANT', 'LOST');

-- CreateEnum
CREATE TYPE "CustomerGrade" AS ENUM ('A', 'B', 'C', 'D');

-- CreateEnum
CREATE TYPE "BusinessLine" AS ENUM ('LOGISTICS', 'LEASING');

-- CreateEnum
CREATE TYPE "InfoSource" AS ENUM ('INTERNET', 'ADVERTISEMENT', 'TRANSACTION_RECORDS', 'ASSOCIATION_OR_AUTHORITY', 'SALES_RESEARCH', 'MAILED_FORM', 'RESEARCH_AGENCY', 'OTHER');

-- CreateEnum
CREATE TYPE "ContactSeniority" AS ENUM ('TOP_LEADER', 'DIRECTOR_OR_ABOVE', 'MIDDLE_SENIOR', 'STAFF');

-- CreateEnum
CREATE TYPE "AccessGrantState" AS ENUM ('REQUESTED', 'APPROVED', 'REFUSED', 'EXPIRED', 'REVOKED');

-- CreateEnum
CREATE TYPE "KeyAccountLevel" AS ENUM ('A', 'B', 'C', 'D');

-- CreateEnum
CREATE TYPE "ServiceModel" AS ENUM ('STANDARD', 'CONSULTING', 'ON_SITE', 'DOOR_TO_DOOR', 'CUSTOM');

-- CreateEnum
CREATE TYPE "ContactChannel" AS ENUM ('PHONE', 'EMAIL', 'MESSAGE', 'ON_SITE');

-- CreateEnum
CREATE TYPE "ContactOutcome" AS ENUM ('REACHED', 'NOT_REACHED');

-- CreateEnum
CREATE TYPE "KpiDirection" AS ENUM ('HIGHER_IS_BETTER', 'LOWER_IS_BETTER');

-- CreateEnum
CREATE TYPE "KpiUnit" AS ENUM ('PERCENT', 'COUNT', 'HOURS', 'MONEY', 'SCORE');

-- CreateEnum
CREATE TYPE "KpiDimensionKind" AS ENUM ('COMPANY', 'DEPARTMENT', 'TEAM', 'EMPLOYEE', 'CUSTOMER', 'AREA');

-- CreateEnum
CREATE TYPE "Role" AS ENUM ('COMPANY_LEADER', 'HEAD', 'DEPUTY', 'SALES_SUPERVISOR', 'CS_SUPERVISOR', 'KA_SUPERVISOR', 'KA_SPECIALIST', 'ACCOUNT_MANAGER_LOGISTICS', 'ACCOUNT_MANAGER_LEASING', 'SALES_REP', 'MARKET_DEVELOPER', 'CS_AGENT', 'DATA_ANALYST', 'MARKETING_CLERK', 'FINANCE', 'HR', 'OPERATIONS', 'QUALITY', 'OTHER_DEPARTMENT', 'INTERNAL_AUDITOR', 'ADMIN');

-- CreateEnum
CREATE TYPE "TeamType" AS ENUM ('MARKET_DEVELOPMENT', 'SALES', 'CUSTOMER_SERVICE', 'DATA_ANALYSIS', 'KEY_ACCOUNT', 'OTHER');

-- CreateEnum
CREATE TYPE "ObligationState" AS ENUM ('OPEN', 'WARNED', 'OVERDUE', 'MET', 'CANCELLED');

-- CreateEnum
CREATE TYPE "TicketCategory" AS ENUM ('INQUIRY', 'SHIPMENT_QUERY', 'COMPLAINT');

-- CreateEnum
CREATE TYPE "TicketStatus" AS ENUM ('RECEIVED', 'ACKNOWLEDGED', 'INVESTIGATING', 'RESPONSIBILITY_SET', 'PLAN_PROPOSED', 'PLAN_APPROVED', 'IMPLEMENTING', 'RESOLVED', 'FOLLOW_UP', 'IN_PROGRESS', 'ANSWERED', 'CLOSED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "TicketSeverity" AS ENUM ('GENERAL', 'SERIOUS');

-- CreateEnum
CREATE TYPE "TicketPriority" AS ENUM ('NORMAL', 'HIGH', 'URGENT');

-- CreateEnum
CREATE TYPE "TicketChannel" AS ENUM ('PHONE', 'EMAIL', 'ON_SITE', 'LETTER', 'ONLINE', 'OTHER');

-- CreateEnum
CREATE TYPE "Liability" AS ENUM ('NOT_COMPANY', 'COMPANY', 'SHARED');

-- CreateEnum
CREATE TYPE "InquiryTopic" AS ENUM ('PRICE', 'TRANSIT_TIME', 'COVERAGE', 'ORDERING', 'OTHER');

-- CreateEnum
CREATE TYPE "RootCause" AS ENUM ('DELAY', 'LOSS', 'DAMAGE', 'WRONG_DELIVERY', 'STAFF_ATTITUDE', 'BILLING', 'INFORMATION', 'PARTNER', 'CUSTOMER_SIDE', 'OTHER');

-- CreateEnum
CREATE TYPE "NoticeChannel" AS ENUM ('WRITTEN', 'PHONE');

-- CreateEnum
CREATE TYPE "FollowUpResult" AS ENUM ('SATISFIED', 'NOT_SATISFIED', 'UNREACHABLE');

-- CreateEnum
CREATE TYPE "EscalationLevel" AS ENUM ('L1', 'L2', 'L3', 'L4');

-- CreateEnum
CREATE TYPE "EscalationReason" AS ENUM ('LIMIT_AT_RISK', 'LIMIT_OVERDUE', 'RESOLUTION_OVERDUE_24H', 'RESOLUTION_OVERDUE_48H', 'RAISED_BY_HAND');

-- CreateTable
CREATE TABLE "budget" (
    "id" UUID NOT NULL,
    "year" INTEGER NOT NULL,
    "department_id" UUID NOT NULL,
    "state" "BudgetState" NOT NULL DEFAULT 'DRAFT',
    "drafted_by_id" UUID NOT NULL,
    "submitted_at" TIMESTAMPTZ(3),
    "approved_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "budget_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "budget_line" (
    "id" UUID NOT NULL,
    "budget_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "category" "BudgetCategory" NOT NULL,
    "item" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "standard" DECIMAL(18,2),
    "amount" DECIMAL(18,2) NOT NULL,
    "justification" TEXT NOT NULL,
    "committed" DECIMAL(18,2) NOT NULL DEFAULT 0,
    "paid" DECIMAL(18,2) NOT NULL DEFAULT 0,

    CONSTRAINT "budget_line_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "customer" (
    "id" UUID NOT NULL,
    "number" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "lifecycle" "CustomerLifecycle" NOT NULL,
    "grade" "CustomerGrade",
    "graded_at" TIMESTAMPTZ(3),
    "business_line" "BusinessLine" NOT NULL DEFAULT 'LOGISTICS',
    "type" TEXT,
    "industry" TEXT,
    "area_id" UUID,
    "owner_id" UUID,
    "custodian_id" UUID,
    "contact_person" TEXT,
    "phone" TEXT,
    "address" TEXT,
    "business_needs" TEXT,
    "registration_number" TEXT,
    "fax" TEXT,
    "email" TEXT,
    "website" TEXT,
    "scope_of_business" TEXT,
    "main_products" TEXT,
    "industry_position" TEXT,
    "info_source" "InfoSource",
    "information_obtained_at" TIMESTAMPTZ(3),
    "verified_at" TIMESTAMPTZ(3),
    "registered_at" TIMESTAMPTZ(3),
    "invoice_title" TEXT,
    "tax_number" TEXT,
    "credit_limit" DECIMAL(18,2),
    "payment_term_days" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "customer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "contact" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "title" TEXT,
    "seniority" "ContactSeniority" NOT NULL DEFAULT 'STAFF',
    "phone" TEXT,
    "mobile" TEXT,
    "email" TEXT,
    "is_key_person" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "archived_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "contact_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "customer_assignment" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "employee_id" UUID NOT NULL,
    "dedicated" BOOLEAN NOT NULL DEFAULT false,
    "valid_from" TIMESTAMPTZ(3) NOT NULL,
    "valid_to" TIMESTAMPTZ(3),

    CONSTRAINT "customer_assignment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "access_grant" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "requester_id" UUID NOT NULL,
    "reason" TEXT NOT NULL,
    "state" "AccessGrantState" NOT NULL DEFAULT 'REQUESTED',
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_by_id" UUID,
    "decided_at" TIMESTAMPTZ(3),
    "decision_reason" TEXT,
    "valid_until" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "access_grant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "grade_history" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "from" "CustomerGrade",
    "to" "CustomerGrade",
    "reason" TEXT NOT NULL,
    "actor_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "grade_history_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "key_account" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "level" "KeyAccountLevel" NOT NULL,
    "is_special" BOOLEAN NOT NULL DEFAULT false,
    "specialist_id" UUID,
    "supervisor_id" UUID,
    "service_model" "ServiceModel" NOT NULL DEFAULT 'STANDARD',
    "priority_lane" BOOLEAN NOT NULL DEFAULT true,
    "hours_24" BOOLEAN NOT NULL DEFAULT false,
    "partnership_status" TEXT,
    "annual_revenue_target" DECIMAL(18,2) NOT NULL,
    "promoted_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "key_account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "contact_log" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "contact_id" UUID,
    "employee_id" UUID NOT NULL,
    "channel" "ContactChannel" NOT NULL,
    "outcome" "ContactOutcome" NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "content" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "contact_log_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "kpi_definition" (
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "title" TEXT NOT NULL,
    "title_en" TEXT NOT NULL,
    "unit" "KpiUnit" NOT NULL,
    "direction" "KpiDirection" NOT NULL,
    "formula" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "source" TEXT NOT NULL,

    CONSTRAINT "kpi_definition_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "kpi_target" (
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "dimension_kind" "KpiDimensionKind" NOT NULL,
    "dimension_id" UUID,
    "period" TEXT NOT NULL,
    "value" DECIMAL(24,6) NOT NULL,
    "tolerance" DECIMAL(24,6) NOT NULL,
    "set_by_id" UUID NOT NULL,
    "set_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "kpi_target_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "kpi_value" (
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "definition_version" INTEGER NOT NULL,
    "dimension_kind" "KpiDimensionKind" NOT NULL,
    "dimension_id" UUID,
    "period" TEXT NOT NULL,
    "value" DECIMAL(24,6),
    "as_of" TIMESTAMPTZ(3) NOT NULL,
    "correction" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "kpi_value_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "area" (
    "id" UUID NOT NULL,
    "code" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "name_en" TEXT NOT NULL,

    CONSTRAINT "area_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "department" (
    "id" UUID NOT NULL,
    "code" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "name_en" TEXT NOT NULL,
    "manager_id" UUID,

    CONSTRAINT "department_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "team" (
    "id" UUID NOT NULL,
    "department_id" UUID NOT NULL,
    "type" "TeamType" NOT NULL,
    "name" TEXT NOT NULL,
    "name_en" TEXT NOT NULL,

    CONSTRAINT "team_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "employee" (
    "id" UUID NOT NULL,
    "number" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "name_en" TEXT NOT NULL,
    "email" TEXT,
    "department_id" UUID NOT NULL,
    "team_id" UUID,
    "superior_id" UUID,
    "hired_on" DATE NOT NULL,
    "left_on" DATE,

    CONSTRAINT "employee_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "role_assignment" (
    "id" UUID NOT NULL,
    "employee_id" UUID NOT NULL,
    "role" "Role" NOT NULL,
    "department_id" UUID,
    "valid_from" TIMESTAMPTZ(3) NOT NULL,
    "valid_to" TIMESTAMPTZ(3),

    CONSTRAINT "role_assignment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "employee_area" (
    "employee_id" UUID NOT NULL,
    "area_id" UUID NOT NULL,

    CONSTRAINT "employee_area_pkey" PRIMARY KEY ("employee_id","area_id")
);

-- CreateTable
CREATE TABLE "obligation" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "subject_id" UUID NOT NULL,
    "period" TEXT NOT NULL,
    "owner_id" UUID,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "warn_at" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3),
    "next_at" TIMESTAMPTZ(3),
    "state" "ObligationState" NOT NULL DEFAULT 'OPEN',
    "step" INTEGER NOT NULL DEFAULT 0,
    "met_at" TIMESTAMPTZ(3),
    "met_by" TEXT,
    "failures" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "obligation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "subject_type" TEXT,
    "subject_id" UUID,
    "audience" JSONB NOT NULL,
    "payload" JSONB NOT NULL,

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "event_key" (
    "key" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "event_key_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "event" (
    "seq" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "subject_type" TEXT,
    "subject_id" UUID,
    "audience" JSONB NOT NULL,
    "payload" JSONB NOT NULL,
    "relayed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "event_pkey" PRIMARY KEY ("seq")
) PARTITION BY RANGE ("seq");
CREATE TABLE "event_p0" PARTITION OF "event" FOR VALUES FROM (0) TO (1000000);
CREATE TABLE "event_p1" PARTITION OF "event" FOR VALUES FROM (1000000) TO (2000000);

-- CreateTable
CREATE TABLE "event_head" (
    "id" INTEGER NOT NULL,
    "epoch" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "oldest" BIGINT NOT NULL DEFAULT 1,

    CONSTRAINT "event_head_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_log" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_id" UUID,
    "action" TEXT NOT NULL,
    "subject_type" TEXT NOT NULL,
    "subject_id" UUID,
    "before" JSONB,
    "after" JSONB,
    "request_id" TEXT,

    CONSTRAINT "audit_log_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_key" (
    "actor_id" UUID NOT NULL,
    "operation" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "input_hash" TEXT NOT NULL,
    "result_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("actor_id","operation","key")
);

-- CreateTable
CREATE TABLE "setting" (
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "value" JSONB NOT NULL,
    "valid_from" TIMESTAMPTZ(3) NOT NULL,
    "proposed_by_id" UUID NOT NULL,
    "proposed_at" TIMESTAMPTZ(3) NOT NULL,
    "reason" TEXT NOT NULL,
    "approved_by_id" UUID,
    "approved_at" TIMESTAMPTZ(3),
    "refused_at" TIMESTAMPTZ(3),

    CONSTRAINT "setting_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sla_policy" (
    "id" UUID NOT NULL,
    "code" TEXT NOT NULL,
    "revision" INTEGER NOT NULL,
    "category" "TicketCategory" NOT NULL,
    "severity" "TicketSeverity",
    "calendar_id" UUID NOT NULL,
    "acknowledge" TEXT,
    "first_response" TEXT,
    "decision" TEXT,
    "progress" TEXT,
    "resolution" TEXT NOT NULL,
    "valid_from" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sla_policy_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "business_calendar" (
    "id" UUID NOT NULL,
    "code" TEXT NOT NULL,
    "time_zone" TEXT,
    "always_open" BOOLEAN NOT NULL DEFAULT false,
    "weekly" JSONB NOT NULL,
    "holidays" TEXT[],
    "extra_workdays" JSONB NOT NULL DEFAULT '[]',

    CONSTRAINT "business_calendar_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ticket" (
    "id" UUID NOT NULL,
    "number" TEXT NOT NULL,
    "category" "TicketCategory" NOT NULL,
    "status" "TicketStatus" NOT NULL,
    "priority" "TicketPriority" NOT NULL DEFAULT 'NORMAL',
    "severity" "TicketSeverity" NOT NULL DEFAULT 'GENERAL',
    "subject" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "channel" "TicketChannel" NOT NULL,
    "topic" "InquiryTopic",
    "customer_id" UUID,
    "key_account_id" UUID,
    "area_id" UUID,
    "team_id" UUID,
    "assignee_id" UUID,
    "opened_by_id" UUID,
    "caller_name" TEXT,
    "caller_phone" TEXT,
    "callback_phone" TEXT,
    "unreachable_reason" TEXT,
    "shipment_number" TEXT,
    "claim_amount" DECIMAL(18,2),
    "injury" BOOLEAN NOT NULL DEFAULT false,
    "legal_or_media_threat" BOOLEAN NOT NULL DEFAULT false,
    "loss_or_damage" BOOLEAN NOT NULL DEFAULT false,
    "threat_to_leave" BOOLEAN NOT NULL DEFAULT false,
    "arises_during_sale" BOOLEAN NOT NULL DEFAULT false,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "registered_at" TIMESTAMPTZ(3) NOT NULL,
    "cycle" INTEGER NOT NULL DEFAULT 0,
    "cycle_started_at" TIMESTAMPTZ(3) NOT NULL,
    "acknowledged_at" TIMESTAMPTZ(3),
    "promise" TEXT,
    "first_responded_at" TIMESTAMPTZ(3),
    "plan_proposed_at" TIMESTAMPTZ(3),
    "plan" TEXT,
    "plan_decided_at" TIMESTAMPTZ(3),
    "last_progress_notice_at" TIMESTAMPTZ(3),
    "resolved_at" TIMESTAMPTZ(3),
    "closed_at" TIMESTAMPTZ(3),
    "waiting_since" TIMESTAMPTZ(3),
    "acknowledge_due_at" TIMESTAMPTZ(3),
    "first_response_due_at" TIMESTAMPTZ(3),
    "resolution_due_at" TIMESTAMPTZ(3),
    "resolution_warn_at" TIMESTAMPTZ(3),
    "first_response_warn_at" TIMESTAMPTZ(3),
    "sla_policy_id" UUID,
    "liability" "Liability",
    "liability_explanation" TEXT,
    "customer_agreed" BOOLEAN,
    "responsible_department_id" UUID,
    "responsible_person_id" UUID,
    "failure_responsible_id" UUID,
    "root_cause" "RootCause",
    "resolution" TEXT,
    "lesson" TEXT,
    "notice_channel" "NoticeChannel",
    "written_notice_sent_at" TIMESTAMPTZ(3),
    "respect_contact_at" TIMESTAMPTZ(3),
    "respect_contact_by_id" UUID,
    "satisfaction" "FollowUpResult",
    "escalation_level" "EscalationLevel",
    "source" TEXT,
    "external_id" TEXT,
    "external_facts" JSONB,
    "linked_ticket_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "ticket_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ticket_history" (
    "id" UUID NOT NULL,
    "ticket_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_id" UUID,
    "action" TEXT NOT NULL,
    "from" "TicketStatus",
    "to" "TicketStatus" NOT NULL,
    "note" TEXT,
    "changes" JSONB,

    CONSTRAINT "ticket_history_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ticket_sla_term" (
    "id" UUID NOT NULL,
    "ticket_id" UUID NOT NULL,
    "cycle" INTEGER NOT NULL,
    "from" TIMESTAMPTZ(3) NOT NULL,
    "sla_policy_id" UUID NOT NULL,
    "factor" DECIMAL(4,2) NOT NULL,

    CONSTRAINT "ticket_sla_term_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ticket_wait" (
    "id" UUID NOT NULL,
    "ticket_id" UUID NOT NULL,
    "cycle" INTEGER NOT NULL,
    "from" TIMESTAMPTZ(3) NOT NULL,
    "to" TIMESTAMPTZ(3),
    "reason" TEXT NOT NULL,

    CONSTRAINT "ticket_wait_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ticket_reply" (
    "id" UUID NOT NULL,
    "ticket_id" UUID NOT NULL,
    "cycle" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_id" UUID,
    "from_customer" BOOLEAN NOT NULL,
    "is_progress" BOOLEAN NOT NULL DEFAULT false,
    "body" TEXT NOT NULL,

    CONSTRAINT "ticket_reply_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "complaint_point" (
    "id" UUID NOT NULL,
    "ticket_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "answer" TEXT,

    CONSTRAINT "complaint_point_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ticket_dispatch" (
    "id" UUID NOT NULL,
    "ticket_id" UUID NOT NULL,
    "department_id" UUID NOT NULL,
    "note" TEXT,
    "dispatched_at" TIMESTAMPTZ(3) NOT NULL,
    "dispatched_by_id" UUID NOT NULL,
    "confirmed_at" TIMESTAMPTZ(3),
    "confirmed_by_id" UUID,

    CONSTRAINT "ticket_dispatch_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "follow_up" (
    "id" UUID NOT NULL,
    "ticket_id" UUID NOT NULL,
    "cycle" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_id" UUID NOT NULL,
    "result" "FollowUpResult" NOT NULL,
    "note" TEXT,

    CONSTRAINT "follow_up_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "escalation" (
    "id" UUID NOT NULL,
    "ticket_id" UUID NOT NULL,
    "cycle" INTEGER NOT NULL,
    "level" "EscalationLevel" NOT NULL,
    "reason" "EscalationReason" NOT NULL,
    "limit_kind" TEXT,
    "note" TEXT,
    "raised_at" TIMESTAMPTZ(3) NOT NULL,
    "acknowledged_by_id" UUID,
    "acknowledged_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "escalation_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "budget_year_department_id_key" ON "budget"("year", "department_id");

-- CreateIndex
CREATE UNIQUE INDEX "budget_line_budget_id_number_key" ON "budget_line"("budget_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "customer_number_key" ON "customer"("number");

-- CreateIndex
CREATE INDEX "customer_owner_id_idx" ON "customer"("owner_id");

-- CreateIndex
CREATE INDEX "customer_area_id_idx" ON "customer"("area_id");

-- CreateIndex
CREATE INDEX "contact_customer_id_idx" ON "contact"("customer_id");

-- CreateIndex
CREATE INDEX "customer_assignment_employee_id_customer_id_idx" ON "customer_assignment"("employee_id", "customer_id");

-- CreateIndex
CREATE INDEX "customer_assignment_customer_id_idx" ON "customer_assignment"("customer_id");

-- CreateIndex
CREATE INDEX "access_grant_requester_id_customer_id_idx" ON "access_grant"("requester_id", "customer_id");

-- CreateIndex
CREATE INDEX "access_grant_customer_id_idx" ON "access_grant"("customer_id");

-- CreateIndex
CREATE INDEX "grade_history_customer_id_at_idx" ON "grade_history"("customer_id", "at");

-- CreateIndex
CREATE UNIQUE INDEX "key_account_customer_id_key" ON "key_account"("customer_id");

-- CreateIndex
CREATE INDEX "key_account_specialist_id_idx" ON "key_account"("specialist_id");

-- CreateIndex
CREATE INDEX "contact_log_customer_id_at_idx" ON "contact_log"("customer_id", "at");

-- CreateIndex
CREATE UNIQUE INDEX "kpi_definition_key_version_key" ON "kpi_definition"("key", "version");

-- CreateIndex
CREATE UNIQUE INDEX "area_code_key" ON "area"("code");

-- CreateIndex
CREATE UNIQUE INDEX "department_code_key" ON "department"("code");

-- CreateIndex
CREATE INDEX "team_department_id_idx" ON "team"("department_id");

-- CreateIndex
CREATE UNIQUE INDEX "employee_number_key" ON "employee"("number");

-- CreateIndex
CREATE UNIQUE INDEX "employee_subject_key" ON "employee"("subject");

-- CreateIndex
CREATE INDEX "employee_department_id_idx" ON "employee"("department_id");

-- CreateIndex
CREATE INDEX "employee_team_id_idx" ON "employee"("team_id");

-- CreateIndex
CREATE INDEX "role_assignment_employee_id_idx" ON "role_assignment"("employee_id");

-- CreateIndex
CREATE INDEX "obligation_subject_id_idx" ON "obligation"("subject_id");

-- CreateIndex
CREATE UNIQUE INDEX "obligation_kind_subject_id_period_key" ON "obligation"("kind", "subject_id", "period");

-- CreateIndex
CREATE INDEX "event_key_occurred_at_idx" ON "event_key"("occurred_at");

-- CreateIndex
CREATE INDEX "audit_log_subject_type_subject_id_at_idx" ON "audit_log"("subject_type", "subject_id", "at");

-- CreateIndex
CREATE INDEX "audit_log_actor_id_at_idx" ON "audit_log"("actor_id", "at");

-- CreateIndex
CREATE INDEX "idempotency_key_created_at_idx" ON "idempotency_key"("created_at");

-- CreateIndex
CREATE INDEX "setting_key_valid_from_idx" ON "setting"("key", "valid_from");

-- CreateIndex
CREATE UNIQUE INDEX "sla_policy_code_revision_key" ON "sla_policy"("code", "revision");

-- CreateIndex
CREATE UNIQUE INDEX "business_calendar_code_key" ON "business_calendar"("code");

-- CreateIndex
CREATE UNIQUE INDEX "ticket_number_key" ON "ticket"("number");

-- CreateIndex
CREATE INDEX "ticket_opened_at_id_idx" ON "ticket"("opened_at", "id");

-- CreateIndex
CREATE INDEX "ticket_customer_id_opened_at_idx" ON "ticket"("customer_id", "opened_at");

-- CreateIndex
CREATE INDEX "ticket_assignee_id_status_idx" ON "ticket"("assignee_id", "status");

-- CreateIndex
CREATE INDEX "ticket_team_id_status_idx" ON "ticket"("team_id", "status");

-- CreateIndex
CREATE INDEX "ticket_resolution_due_at_idx" ON "ticket"("resolution_due_at");

-- CreateIndex
CREATE UNIQUE INDEX "ticket_source_external_id_key" ON "ticket"("source", "external_id");

-- CreateIndex
CREATE INDEX "ticket_history_ticket_id_at_idx" ON "ticket_history"("ticket_id", "at");

-- CreateIndex
CREATE INDEX "ticket_sla_term_ticket_id_cycle_from_idx" ON "ticket_sla_term"("ticket_id", "cycle", "from");

-- CreateIndex
CREATE INDEX "ticket_wait_ticket_id_idx" ON "ticket_wait"("ticket_id");

-- CreateIndex
CREATE INDEX "ticket_reply_ticket_id_at_idx" ON "ticket_reply"("ticket_id", "at");

-- CreateIndex
CREATE UNIQUE INDEX "complaint_point_ticket_id_number_key" ON "complaint_point"("ticket_id", "number");

-- CreateIndex
CREATE INDEX "ticket_dispatch_department_id_idx" ON "ticket_dispatch"("department_id");

-- CreateIndex
CREATE UNIQUE INDEX "ticket_dispatch_ticket_id_department_id_key" ON "ticket_dispatch"("ticket_id", "department_id");

-- CreateIndex
CREATE UNIQUE INDEX "follow_up_ticket_id_cycle_attempt_key" ON "follow_up"("ticket_id", "cycle", "attempt");

-- CreateIndex
CREATE UNIQUE INDEX "escalation_ticket_id_cycle_level_key" ON "escalation"("ticket_id", "cycle", "level");

-- AddForeignKey
ALTER TABLE "budget" ADD CONSTRAINT "budget_department_id_fkey" FOREIGN KEY ("department_id") REFERENCES "department"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "budget_line" ADD CONSTRAINT "budget_line_budget_id_fkey" FOREIGN KEY ("budget_id") REFERENCES "budget"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "customer" ADD CONSTRAINT "customer_area_id_fkey" FOREIGN KEY ("area_id") REFERENCES "area"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "customer" ADD CONSTRAINT "customer_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "employee"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "customer" ADD CONSTRAINT "customer_custodian_id_fkey" FOREIGN KEY ("custodian_id") REFERENCES "employee"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "contact" ADD CONSTRAINT "contact_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "customer_assignment" ADD CONSTRAINT "customer_assignment_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "customer_assignment" ADD CONSTRAINT "customer_assignment_employee_id_fkey" FOREIGN KEY ("employee_id") REFERENCES "employee"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "access_grant" ADD CONSTRAINT "access_grant_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "access_grant" ADD CONSTRAINT "access_grant_requester_id_fkey" FOREIGN KEY ("requester_id") REFERENCES "employee"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "access_grant" ADD CONSTRAINT "access_grant_decided_by_id_fkey" FOREIGN KEY ("decided_by_id") REFERENCES "employee"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grade_history" ADD CONSTRAINT "grade_history_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "key_account" ADD CONSTRAINT "key_account_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "key_account" ADD CONSTRAINT "key_account_specialist_id_fkey" FOREIGN KEY ("specialist_id") REFERENCES "employee"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "key_account" ADD CONSTRAINT "key_account_supervisor_id_fkey" FOREIGN KEY ("supervisor_id") REFERENCES "employee"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "contact_log" ADD CONSTRAINT "contact_log_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "contact_log" ADD CONSTRAINT "contact_log_contact_id_fkey" FOREIGN KEY ("contact_id") REFERENCES "contact"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "contact_log" ADD CONSTRAINT "contact_log_employee_id_fkey" FOREIGN KEY ("employee_id") REFERENCES "employee"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "department" ADD CONSTRAINT "department_manager_id_fkey" FOREIGN KEY ("manager_id") REFERENCES "employee"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "team" ADD CONSTRAINT "team_department_id_fkey" FOREIGN KEY ("department_id") REFERENCES "department"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "employee" ADD CONSTRAINT "employee_department_id_fkey" FOREIGN KEY ("department_id") REFERENCES "department"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "employee" ADD CONSTRAINT "employee_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "team"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "employee" ADD CONSTRAINT "employee_superior_id_fkey" FOREIGN KEY ("superior_id") REFERENCES "employee"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "role_assignment" ADD CONSTRAINT "role_assignment_employee_id_fkey" FOREIGN KEY ("employee_id") REFERENCES "employee"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "role_assignment" ADD CONSTRAINT "role_assignment_department_id_fkey" FOREIGN KEY ("department_id") REFERENCES "department"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "employee_area" ADD CONSTRAINT "employee_area_employee_id_fkey" FOREIGN KEY ("employee_id") REFERENCES "employee"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "employee_area" ADD CONSTRAINT "employee_area_area_id_fkey" FOREIGN KEY ("area_id") REFERENCES "area"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sla_policy" ADD CONSTRAINT "sla_policy_calendar_id_fkey" FOREIGN KEY ("calendar_id") REFERENCES "business_calendar"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket" ADD CONSTRAINT "ticket_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket" ADD CONSTRAINT "ticket_key_account_id_fkey" FOREIGN KEY ("key_account_id") REFERENCES "key_account"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket" ADD CONSTRAINT "ticket_area_id_fkey" FOREIGN KEY ("area_id") REFERENCES "area"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket" ADD CONSTRAINT "ticket_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "team"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket" ADD CONSTRAINT "ticket_assignee_id_fkey" FOREIGN KEY ("assignee_id") REFERENCES "employee"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket" ADD CONSTRAINT "ticket_opened_by_id_fkey" FOREIGN KEY ("opened_by_id") REFERENCES "employee"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket" ADD CONSTRAINT "ticket_responsible_department_id_fkey" FOREIGN KEY ("responsible_department_id") REFERENCES "department"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket" ADD CONSTRAINT "ticket_responsible_person_id_fkey" FOREIGN KEY ("responsible_person_id") REFERENCES "employee"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket" ADD CONSTRAINT "ticket_failure_responsible_id_fkey" FOREIGN KEY ("failure_responsible_id") REFERENCES "employee"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket_history" ADD CONSTRAINT "ticket_history_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "ticket"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket_history" ADD CONSTRAINT "ticket_history_actor_id_fkey" FOREIGN KEY ("actor_id") REFERENCES "employee"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket_sla_term" ADD CONSTRAINT "ticket_sla_term_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "ticket"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket_wait" ADD CONSTRAINT "ticket_wait_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "ticket"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket_reply" ADD CONSTRAINT "ticket_reply_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "ticket"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "complaint_point" ADD CONSTRAINT "complaint_point_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "ticket"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket_dispatch" ADD CONSTRAINT "ticket_dispatch_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "ticket"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket_dispatch" ADD CONSTRAINT "ticket_dispatch_department_id_fkey" FOREIGN KEY ("department_id") REFERENCES "department"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "follow_up" ADD CONSTRAINT "follow_up_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "ticket"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "escalation" ADD CONSTRAINT "escalation_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "ticket"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "escalation" ADD CONSTRAINT "escalation_acknowledged_by_id_fkey" FOREIGN KEY ("acknowledged_by_id") REFERENCES "employee"("id") ON DELETE SET NULL ON UPDATE CASCADE;
