// `npm run attachments:verify`: reads the content of every attachment and compares checksums. Ends with 1 when some is
// missing or damaged.
import { verifyAttachments } from '../attachments/verify.ts';
import { openEmbedded, openPostgres } from '../platform/database.ts';
import { readEnvironment } from '../platform/environment.ts';
import { openStore } from '../platform/open-store.ts';

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const { blobs } = openStore(environment);
  const database = environment.DATABASE_URL
    ? openPostgres(environment.DATABASE_URL, 2, (error) => console.error(error.message))
    : await openEmbedded(environment.DATA_DIR);
  try {
    const { verified, damaged } = await verifyAttachments(database, blobs, (damage) =>
      console.log(`${damage.problem}: ${damage.sha256}, of attachments ${damage.attachmentIds.join(', ')}`),
    );
    console.log(`${verified} files read, ${damaged} missing or damaged`);
    if (damaged > 0) process.exitCode = 1;
  } finally {
    await database.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
