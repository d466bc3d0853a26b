import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mutate } from '../support/mutate.ts';
import { people } from '../support/people.ts';
import type { TestServer } from '../support/server.ts';
import { setSetting } from '../support/settings.ts';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a message holds is known to its test alone.
  readonly body: any;
}

/** A system that receives webhooks, on a port of its own. */
export interface Receiver {
  readonly url: string;
  readonly got: Received[];
  /** Deliveries that are being answered, and the most at once. */
  readonly most: number;
  /** The status that it answers with; a function may take its time. */
  answer: number | ((received: Received) => number | Promise<number>);
  /** Of answers. */
  headers: Record<string, string>;
  close(): Promise<void>;
}

export async function openReceiver(): Promise<Receiver> {
  const got: Received[] = [];
  let running = 0;
  let most = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      running += 1;
      most = Math.max(most, running);
      const text = Buffer.concat(chunks).toString();
      const received = { headers: request.headers, text, body: JSON.parse(text) };
      got.push(received);
      const status =
        typeof receiver.answer === 'function' ? await receiver.answer(received) : receiver.answer;
      running -= 1;
      response.writeHead(status, receiver.headers).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    got,
    get most() {
      return most;
    },
    answer: 204,
    headers: {},
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}

/** Lets endpoints be on this machine. */
export async function allowLocal(server: TestServer): Promise<void> {
  await setSetting(server, 'webhooks.allowHttp', true);
  await setSetting(server, 'webhooks.allowedNetworks', ['127.0.0.0/8']);
}

export const ENDPOINT = `
  id name url kinds language state stateReason circuit failures nextAt cursor version deadLetters lastDeliveredAt
  owner { id } decidedBy { id } viewerCan { action allowed reason }`;

export interface MadeEndpoint {
  readonly id: string;
  readonly secret: string;
}

/** An endpoint that ADMIN has entered and HEAD approved. */
export async function makeEndpoint(
  server: Pick<TestServer, 'gql'>,
  url: string,
  facts: { readonly ownerId?: string; readonly kinds?: readonly string[]; readonly language?: string } = {},
): Promise<MadeEndpoint> {
  const input = { name: 'WMS', url, ownerId: people.HEAD.nodeId, ...facts };
  const made = await mutate(
    server,
    'ADMIN',
    'webhookEndpointCreate',
    input,
    `secret endpoint { ${ENDPOINT} }`,
  );
  if (!made.endpoint) throw new Error(JSON.stringify(made));
  const { id } = made.endpoint;
  const decision = { endpointId: id, approve: true, reason: 'Agreed with the warehouse.' };
  await mutate(server, 'HEAD', 'webhookEndpointDecide', decision);
  return { id, secret: made.secret };
}
