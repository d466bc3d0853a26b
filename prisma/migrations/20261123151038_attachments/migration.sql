-- CreateEnum
CREATE TYPE "AttachmentKind" AS ENUM ('CALL_RECORDING', 'LETTER', 'VOUCHER', 'DOCUMENT', 'OTHER');

-- AlterTable
ALTER TABLE "ticket" ADD COLUMN     "disputed" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "letter" TEXT,
ADD COLUMN     "letter_attachment_id" UUID,
ADD COLUMN     "no_recording_reason" TEXT,
ADD COLUMN     "special" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "stored_blob" (
    "sha_256" TEXT NOT NULL,
    "bytes" INTEGER NOT NULL,
    "stored_at" TIMESTAMPTZ(3) NOT NULL,
    "collect_at" TIMESTAMPTZ(3),

    CONSTRAINT "stored_blob_pkey" PRIMARY KEY ("sha_256")
);

-- CreateTable
CREATE TABLE "attachment_upload" (
    "id" UUID NOT NULL,
    "subject_type" TEXT NOT NULL,
    "subject_id" UUID NOT NULL,
    "kind" "AttachmentKind" NOT NULL,
    "file_name" TEXT NOT NULL,
    "bytes" INTEGER NOT NULL,
    "sha_256" TEXT,
    "note" TEXT,
    "requested_by_id" UUID NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "attachment_upload_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "attachment" (
    "id" UUID NOT NULL,
    "subject_type" TEXT NOT NULL,
    "subject_id" UUID NOT NULL,
    "kind" "AttachmentKind" NOT NULL,
    "file_name" TEXT NOT NULL,
    "content_type" TEXT NOT NULL,
    "bytes" INTEGER NOT NULL,
    "sha_256" TEXT NOT NULL,
    "blob_sha_256" TEXT,
    "note" TEXT,
    "uploaded_by_id" UUID NOT NULL,
    "uploaded_at" TIMESTAMPTZ(3) NOT NULL,
    "keep_until" TIMESTAMPTZ(3),
    "removed_at" TIMESTAMPTZ(3),
    "removed_by_id" UUID,
    "removal_reason" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "attachment_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "attachment_upload_expires_at_idx" ON "attachment_upload"("expires_at");

-- CreateIndex
CREATE INDEX "attachment_subject_id_id_idx" ON "attachment"("subject_id", "id");

-- CreateIndex
CREATE INDEX "attachment_blob_sha_256_idx" ON "attachment"("blob_sha_256");

-- AddForeignKey
ALTER TABLE "attachment" ADD CONSTRAINT "attachment_blob_sha_256_fkey" FOREIGN KEY ("blob_sha_256") REFERENCES "stored_blob"("sha_256") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- What the models cannot say.
alter table stored_blob add constraint stored_blob_named_by_checksum check (sha_256 ~ '^[0-9a-f]{64}$' and bytes > 0);
alter table attachment_upload add constraint attachment_upload_has_bytes check (bytes > 0);
alter table attachment add constraint attachment_checksum check (sha_256 ~ '^[0-9a-f]{64}$' and bytes > 0);
-- The content is there or it is said when and why it was removed.
alter table attachment add constraint attachment_content_or_tombstone check (
  (removed_at is null and blob_sha_256 = sha_256 and removed_by_id is null and removal_reason is null)
  or (removed_at is not null and blob_sha_256 is null and removal_reason is not null));
-- Housekeeping finds what may be deleted without looking at anything else.
create index stored_blob_collect_at_idx on stored_blob (collect_at) where collect_at is not null;
-- The row of an attachment stays, whatever becomes of its content; the file and its story are never rewritten.
create function refuse_other_attachment() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or old.removed_at is not null
    or (new.id, new.subject_type, new.subject_id, new.kind, new.file_name, new.content_type, new.bytes, new.sha_256,
        new.uploaded_by_id, new.uploaded_at)
      is distinct from
       (old.id, old.subject_type, old.subject_id, old.kind, old.file_name, old.content_type, old.bytes, old.sha_256,
        old.uploaded_by_id, old.uploaded_at) then
    raise exception 'an attachment is never deleted or rewritten' using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger attachment_is_a_record before update or delete on attachment
  for each row execute function refuse_other_attachment();
