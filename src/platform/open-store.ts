import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type BlobStore, folderStore } from './blob-store.ts';
import type { Environment } from './environment.ts';
import { openFolder } from './folder-claim.ts';
import { s3Store } from './s3-store.ts';

/** The store of files, and the folder into which uploads are received before they are whole. */
export interface FileStore {
  readonly blobs: BlobStore;
  readonly incoming: string;
}

/** An S3-compatible service where one is configured, else DATA_DIR. Uploads are received in DATA_DIR in either case. */
export function openStore(environment: Environment): FileStore {
  const { DATA_DIR, ATTACHMENTS_S3_URL: url, ATTACHMENTS_S3_KEY_ID, ATTACHMENTS_S3_SECRET } = environment;
  openFolder(DATA_DIR);
  const incoming = join(DATA_DIR, 'uploads');
  mkdirSync(incoming, { recursive: true, mode: 0o700 });
  const blobs = url
    ? s3Store({
        url,
        bucket: environment.ATTACHMENTS_S3_BUCKET,
        region: environment.ATTACHMENTS_S3_REGION,
        keyId: ATTACHMENTS_S3_KEY_ID ?? '',
        secret: ATTACHMENTS_S3_SECRET ?? '',
      })
    : folderStore(join(DATA_DIR, 'blobs'));
  return { blobs, incoming };
}
