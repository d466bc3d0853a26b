import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';

const { AUTH_JWT_SECRET = '', PORT } = process.env;

/** The least that an API must do: a token verified, a body read, an answer sent. The limit that benchmarks name. */
export function serveBare<Viewer, Body>(
  viewers: ReadonlyMap<string, Viewer>,
  answer: (viewer: Viewer, body: Body) => Promise<string>,
): void {
  createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      Promise.resolve()
        .then(() => answer(viewerOf(request, viewers), JSON.parse(Buffer.concat(chunks).toString()) as Body))
        .then(
          (body) => response.setHeader('content-type', 'application/json').end(body),
          (error: unknown) => response.writeHead(500).end(String(error)),
        );
    });
  }).listen(Number(PORT), '127.0.0.1');
}

/** The viewer of an HS256 token of ours; throws for any other. */
function viewerOf<Viewer>(request: IncomingMessage, viewers: ReadonlyMap<string, Viewer>): Viewer {
  const [header = '', payload = '', signature = ''] = (request.headers.authorization ?? '')
    .slice(7)
    .split('.');
  const expected = createHmac('sha256', AUTH_JWT_SECRET).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, 'base64url');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const viewer = viewers.get(claims.sub);
  if (
    given.length !== expected.length ||
    !timingSafeEqual(given, expected) ||
    claims.iss !== 'switchyard' ||
    claims.aud !== 'switchyard' ||
    claims.exp * 1000 < Date.now() ||
    viewer === undefined
  ) {
    throw new Error('The token is not accepted.');
  }
  return viewer;
}
