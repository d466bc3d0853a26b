-- AlterTable
ALTER TABLE "rollup_zone" ADD COLUMN     "version" UUID NOT NULL DEFAULT gen_random_uuid();
