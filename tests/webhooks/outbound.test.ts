import dns from 'node:dns';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { postOutbound } from '../../src/platform/outbound.ts';
import { openReceiver, type Receiver } from './receiver.ts';

const LOCAL = { allowHttp: true, allowedNetworks: ['127.0.0.0/8'], timeoutMs: 2_000 };

let receiver: Receiver;
beforeAll(async () => {
  receiver = await openReceiver();
});
afterAll(() => receiver.close());
afterEach(() => {
  vi.restoreAllMocks();
  receiver.answer = 204;
  receiver.headers = {};
  receiver.got.length = 0;
});

test('answers with the status, and follows no redirect', async () => {
  receiver.answer = 302;
  receiver.headers = { location: receiver.url };
  expect(await postOutbound(receiver.url, { 'x-a': '1' }, '{}', LOCAL)).toEqual({
    status: 302,
    retryAfter: null,
  });
  expect(receiver.got).toHaveLength(1);
  receiver.answer = 429;
  receiver.headers = { 'retry-after': '7' };
  expect(await postOutbound(receiver.url, {}, '{}', LOCAL)).toEqual({ status: 429, retryAfter: 7_000 });
});

test('connects to no address that is not allowed, written as it may be', async () => {
  const closed = { ...LOCAL, allowedNetworks: [] };
  const { port } = new URL(receiver.url);
  for (const host of [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    'localhost',
  ]) {
    expect(await postOutbound(`http://${host}:${port}/`, {}, '{}', closed), host).toEqual({
      error: 'ADDRESS_NOT_ALLOWED',
    });
  }
  expect(receiver.got).toHaveLength(0);
  expect(await postOutbound(receiver.url, {}, '{}', { ...LOCAL, allowHttp: false })).toEqual({
    error: 'HTTPS_REQUIRED',
  });
});

test('connects to the very address that was checked, though the name changes its mind', async () => {
  let asked = 0;
  vi.spyOn(dns, 'lookup').mockImplementation(((
    _name: string,
    _options: object,
    callback: (...given: unknown[]) => void,
  ) => {
    asked += 1;
    // The second answer would be the one that a rebinding name gives to who asks again.
    callback(null, [{ address: asked === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }]);
  }) as never);
  const { port } = new URL(receiver.url);
  expect(await postOutbound(`http://hooks.example:${port}/`, {}, '{}', LOCAL)).toMatchObject({ status: 204 });
  expect(asked).toBe(1);
  expect(await postOutbound(`http://hooks.example:${port}/`, {}, '{}', LOCAL)).toEqual({
    error: 'ADDRESS_NOT_ALLOWED',
  });
});

test('of several addresses takes those that are allowed', async () => {
  vi.spyOn(dns, 'lookup').mockImplementation(((
    _name: string,
    _options: object,
    callback: (...given: unknown[]) => void,
  ) => {
    callback(null, [
      { address: '169.254.169.254', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]);
  }) as never);
  const { port } = new URL(receiver.url);
  expect(await postOutbound(`http://hooks.example:${port}/`, {}, '{}', LOCAL)).toMatchObject({ status: 204 });
});

test('waits no longer than it is told, and names what went wrong', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  expect(await postOutbound(`http://127.0.0.1:${port}/`, {}, '{}', { ...LOCAL, timeoutMs: 100 })).toEqual({
    error: 'TIMEOUT',
  });
  expect(await postOutbound(receiver.url.replace('http:', 'https:'), {}, '{}', LOCAL)).toEqual({
    error: 'TLS',
  });
  silent.close();
  expect(await postOutbound('http://127.0.0.1:1/', {}, '{}', LOCAL)).toEqual({ error: 'CONNECTION' });
});

test('reads no more of an answer than a little', async () => {
  let written = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
      const more = () => {
        while (!socket.destroyed && written < 500_000_000 && socket.write(chunk)) written += chunk.length;
      };
      socket.on('drain', () => {
        written += chunk.length;
        more();
      });
      more();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await postOutbound(`http://127.0.0.1:${port}/`, {}, '{}', LOCAL)).toMatchObject({ status: 200 });
  // The connection is given up, so that the server can end.
  server.close();
  await once(server, 'close');
  expect(written).toBeLessThan(50_000_000);
});
