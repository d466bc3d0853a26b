import { crc32 } from 'node:zlib';
import { type MutationAnswer, mutate } from './mutate.ts';
import type { Caller, TestServer } from './server.ts';

/** The least that each type of file can be told by. */
export const SAMPLES = {
  wav: Buffer.from(
    'RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\0\0\0\0',
    'latin1',
  ),
  mp3: Buffer.from(`ID3\x04\0\0\0\0\0\0\xff\xfb\x90\0${'\0'.repeat(413)}`, 'latin1'),
  ogg: Buffer.from(`OggS\0\x02${'\0'.repeat(21)}\x1eOpusHead${'\0'.repeat(20)}`, 'latin1'),
  m4a: Buffer.from('\0\0\0\x18ftypM4A \0\0\0\0M4A mp42\0\0\0\x08mdat', 'latin1'),
  amr: Buffer.from(`#!AMR\n\x3c${'\0'.repeat(31)}`, 'latin1'),
  pdf: Buffer.from('%PDF-1.7\n1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\n%%EOF\n'),
  png: Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
  jpeg: Buffer.from(`\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9`, 'latin1'),
  docx: zip({
    '[Content_Types].xml':
      '<Types><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    'word/document.xml': '<document/>',
  }),
  txt: Buffer.from('尊敬的客户：\r\n\t我们已经赔付。\n'),
} as const;

/** An archive whose files are stored as they are. */
export function zip(files: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(files).map(([name, text]) => {
    const data = Buffer.from(text);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt32LE(crc32(data), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(data.length, 18);
    fields.writeUInt16LE(name.length, 22);
    return { name: Buffer.from(name), data, fields };
  });
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, data, fields } of entries) {
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, name, data]);
    parts.push(local);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), fields, place, name]));
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, directory, Buffer.from('PK\x05\x06'), end]);
}

/** Announces a file; the answer of the mutation. */
export function begin(
  server: Pick<TestServer, 'gql'>,
  caller: Caller,
  subjectId: string,
  facts: Readonly<Record<string, unknown>> = {},
): Promise<MutationAnswer> {
  return mutate(
    server,
    caller,
    'attachmentBegin',
    { subjectId, kind: 'LETTER', fileName: '致歉信.pdf', bytes: SAMPLES.pdf.length, ...facts },
    'upload { attachmentId url expiresAt }',
  );
}

/** What a file address answers. */
export interface FileAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  /** Of an answer in JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: what is answered is known to its test alone.
  readonly json: any;
}

/** Asks a file address; `path` is relative, as the API gives it. */
export async function askFile(
  server: Pick<TestServer, 'url'>,
  path: string,
  init: RequestInit = {},
): Promise<FileAnswer> {
  const response = await fetch(`${server.url}${path}`, { redirect: 'manual', ...init });
  const bytes = Buffer.from(await response.arrayBuffer());
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    json: isJson ? JSON.parse(bytes.toString()) : null,
  };
}

/** Sends bytes to an upload's address. */
export function put(
  server: Pick<TestServer, 'url'>,
  path: string,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<FileAnswer> {
  return askFile(server, path, {
    method: 'PUT',
    body: new Uint8Array(bytes),
    headers: { 'accept-language': 'en', ...headers },
  });
}

/** Announces and sends a file; the id of the attachment. */
export async function attachFile(
  server: Pick<TestServer, 'gql' | 'url'>,
  caller: Caller,
  subjectId: string,
  facts: Readonly<Record<string, unknown>> = {},
  bytes: Uint8Array = SAMPLES.pdf,
): Promise<string> {
  const { upload, ...error } = await begin(server, caller, subjectId, { bytes: bytes.length, ...facts });
  if (!upload) throw new Error(JSON.stringify(error));
  const answer = await put(server, upload.url, bytes);
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.json));
  return upload.attachmentId;
}

/** Where the caller can fetch an attachment now. */
export async function downloadUrl(
  server: Pick<TestServer, 'gql'>,
  caller: Caller,
  attachmentId: string,
): Promise<string> {
  const { data } = await server.gql(
    caller,
    'query ($id: ID!) { node(id: $id) { ... on Attachment { downloadUrl } } }',
    { id: attachmentId },
  );
  return data.node.downloadUrl;
}
