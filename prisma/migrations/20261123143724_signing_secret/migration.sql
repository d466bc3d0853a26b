-- CreateTable
CREATE TABLE "signing_secret" (
    "id" INTEGER NOT NULL,
    "secret" BYTEA NOT NULL,

    CONSTRAINT "signing_secret_pkey" PRIMARY KEY ("id")
);
