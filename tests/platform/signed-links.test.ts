import { beforeAll, describe, expect, it } from 'vitest';
import { openSignedLinks, type SignedLinks } from '../../src/platform/signed-links.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const UNTIL = new Date('2026-11-23T02:00:00.000Z');
const BEFORE = new Date('2026-11-23T01:59:59.999Z');
const PAYLOAD = { id: '0190', employee: '王芳' };

let server: TestServer;
let links: SignedLinks;
beforeAll(async () => {
  server = await startTestServer();
  links = server.services.links;
});

/** The token with another body under the signature, or another signature under the body. */
function tampered(token: string, part: 0 | 1): string {
  const parts = token.split('.');
  const text = parts[part] ?? '';
  parts[part] = `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;
  return parts.join('.');
}

describe('Signed links', () => {
  it('open until their last millisecond', () => {
    const token = links.sign('export', PAYLOAD, UNTIL);
    expect(links.read('export', token, BEFORE)).toEqual(PAYLOAD);
    expect(links.read('export', token, UNTIL)).toBe('EXPIRED');
  });

  it('open nothing of another purpose', () => {
    expect(links.read('file', links.sign('export', PAYLOAD, UNTIL), BEFORE)).toBe('FORGED');
  });

  it.each([
    ['a changed body', (token: string) => tampered(token, 0)],
    ['a changed signature', (token: string) => tampered(token, 1)],
    ['a cut signature', (token: string) => token.slice(0, -4)],
    ['no signature', (token: string) => token.split('.')[0] ?? ''],
    ['a third part', (token: string) => `${token}.`],
    ['nothing', () => ''],
    ['what is too long to be one', () => 'a'.repeat(100_000)],
  ])('are refused with %s', (_title, change) => {
    expect(links.read('export', change(links.sign('export', PAYLOAD, UNTIL)), BEFORE)).toBe('FORGED');
  });

  it('are accepted by every process on the database, and under another issuer by none', async () => {
    const token = links.sign('export', PAYLOAD, UNTIL);
    const { database } = server.services;
    const [sibling, stranger] = [
      await openSignedLinks(database, 'switchyard'),
      await openSignedLinks(database, 'elsewhere'),
    ];
    expect(sibling.read('export', token, BEFORE)).toEqual(PAYLOAD);
    expect(stranger.read('export', token, BEFORE)).toBe('FORGED');
  });
});
