-- AlterTable
ALTER TABLE "event_head" ADD COLUMN     "identity" TEXT;
