-- CreateEnum
CREATE TYPE "PaperKind" AS ENUM ('BUSINESS_LICENCE', 'CONTRACT', 'CERTIFICATE', 'CORRESPONDENCE', 'REPORT', 'OTHER');

-- CreateEnum
CREATE TYPE "PaperRole" AS ENUM ('REPLY', 'REQUEST', 'FORWARDED', 'PRINTED', 'ORIGINAL', 'FINAL_DRAFT', 'LANGUAGE_VERSION', 'ATTACHMENT');

-- CreateTable
CREATE TABLE "file_paper" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "set_number" INTEGER NOT NULL,
    "role" "PaperRole" NOT NULL,
    "kind" "PaperKind" NOT NULL,
    "title" TEXT NOT NULL,
    "language" TEXT,
    "copies" INTEGER NOT NULL,
    "page_count" INTEGER NOT NULL,
    "added_by_id" UUID NOT NULL,
    "added_at" TIMESTAMPTZ(3) NOT NULL,
    "archived_by_id" UUID,
    "archived_at" TIMESTAMPTZ(3),

    CONSTRAINT "file_paper_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "file_paper_customer_id_set_number_role_added_at_id_idx" ON "file_paper"("customer_id", "set_number", "role", "added_at", "id");

-- AddForeignKey
ALTER TABLE "file_paper" ADD CONSTRAINT "file_paper_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

alter table file_paper add constraint paper_is_counted check (set_number >= 1 and copies >= 1 and page_count >= 1);
