import dns from 'node:dns';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** What may be reached beside the public internet. */
export interface OutboundPolicy {
  readonly allowHttp: boolean;
  /** In CIDR notation. */
  readonly allowedNetworks: readonly string[];
  /** For the whole exchange, the look-up of the name included. */
  readonly timeoutMs: number;
}

/** Why there was no answer. */
export type OutboundFailure =
  | 'ADDRESS_NOT_ALLOWED'
  | 'HTTPS_REQUIRED'
  | 'NAME_NOT_FOUND'
  | 'TIMEOUT'
  | 'TLS'
  | 'CONNECTION';

export type OutboundAnswer =
  | { readonly status: number; readonly retryAfter: number | null }
  | { readonly error: OutboundFailure };

/** What is read of an answer's body, so that the connection ends in order; none of it is kept. */
const BODY_MOST = 64 * 1024;

/** A connection for each exchange, past any proxy of the environment: the check of an address holds for it alone. */
const AGENTS = { http: new HttpAgent({ keepAlive: false }), https: new HttpsAgent({ keepAlive: false }) };

/**
 * IPv4 that is not the public internet (IANA's special-purpose registry: private, loopback, link-local with the
 * metadata services of clouds, carrier-grade NAT, documentation, multicast, reserved), and the one public address under
 * which a cloud serves its own machines.
 */
const CLOSED_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Of IPv6 the globally routed part alone is open, but for what leads into IPv4 by another way and documentation. */
const OPEN_V6 = ['2000::/3'];
const CLOSED_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    list.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

const closed = blockList([...CLOSED_V4, ...CLOSED_V6]);
const openV6 = blockList(OPEN_V6);

/** True for an address of the public internet or of a network that is allowed. IPv4 written as IPv6 is never public. */
export function isReachable(address: string, allowedNetworks: readonly string[]): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  const family = version === 6 ? 'ipv6' : 'ipv4';
  // A block list reads ::ffff:a.b.c.d as a.b.c.d, whichever way it is written.
  if (blockList(allowedNetworks).check(address, family)) return true;
  if (closed.check(address, family)) return false;
  return version === 4 || openV6.check(address, 'ipv6');
}

class NotAllowed extends Error {}

/**
 * Resolves a name as the connection is made and hands on only addresses that may be reached: what was checked is what
 * is connected to, however often the name changes its mind.
 */
function guardedLookup(allowedNetworks: readonly string[]): LookupFunction {
  return (hostname, options, callback) => {
    dns.lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const open = found.filter(({ address }) => isReachable(address, allowedNetworks));
      const [first] = open;
      if (!first) return callback(new NotAllowed(), []);
      if (options.all) callback(null, open);
      else callback(null, first.address, first.family);
    });
  };
}

/** Posts a body to an address that people have entered. Redirects are not followed; a failure is an answer, too. */
export function postOutbound(
  address: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  policy: OutboundPolicy,
): Promise<OutboundAnswer> {
  const url = new URL(address);
  const isSecure = url.protocol === 'https:';
  if (!isSecure && !policy.allowHttp) return Promise.resolve({ error: 'HTTPS_REQUIRED' });
  // No look-up is made for an address that is written as numbers.
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(literal) !== 0 && !isReachable(literal, policy.allowedNetworks)) {
    return Promise.resolve({ error: 'ADDRESS_NOT_ALLOWED' });
  }
  return new Promise((resolve) => {
    const content = Buffer.from(body);
    const request = (isSecure ? httpsRequest : httpRequest)(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(content.length) },
      lookup: guardedLookup(policy.allowedNetworks),
      agent: isSecure ? AGENTS.https : AGENTS.http,
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      request.destroy(new Error('late'));
    }, policy.timeoutMs);
    request.on('close', () => clearTimeout(timer));
    request.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ error: late ? 'TIMEOUT' : failureOf(error) });
    });
    request.on('response', (response) => {
      let read = 0;
      response.on('data', (chunk: Buffer) => {
        read += chunk.length;
        if (read > BODY_MOST) request.destroy();
      });
      // The status has been told; how the rest of the answer ends changes nothing.
      response.on('error', () => undefined);
      resolve({
        status: response.statusCode ?? 0,
        retryAfter: retryAfterOf(response.headers['retry-after']),
      });
    });
    request.end(content);
  });
}

function failureOf(error: NodeJS.ErrnoException): OutboundFailure {
  if (error instanceof NotAllowed) return 'ADDRESS_NOT_ALLOWED';
  const code = error.code ?? '';
  if (['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'ENODATA'].includes(code)) return 'NAME_NOT_FOUND';
  if (code === 'ETIMEDOUT') return 'TIMEOUT';
  const isTls = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO)/.test(code);
  return isTls ? 'TLS' : 'CONNECTION';
}

/** Milliseconds that a receiver asks to be spared; the form with a date is seldom and passed over. */
function retryAfterOf(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : null;
}
