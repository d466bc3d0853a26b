// PostGraphile 5 with the Amber preset in production settings, behind the tokens that Switchyard takes.
import { createServer } from 'node:http';
import jsonwebtoken from 'jsonwebtoken';
import pg from 'pg';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';

const { DATABASE_URL, DATABASE_POOL, AUTH_JWT_SECRET, PORT } = process.env;

/** `readViewers` answers the settings of a session by the subject of its token; `options` are those of connections. */
export async function serve({ schema, plugins, readViewers, options }) {
  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: Number(DATABASE_POOL), options });
  pool.on('error', (error) => console.error(error));
  const viewers = await readViewers(pool);
  const instance = postgraphile({
    extends: [PostGraphileAmberPreset],
    plugins,
    pgServices: [makePgService({ pool, schemas: [schema] })],
    grafserv: { graphiql: false, watch: false },
    grafast: {
      explain: false,
      context(requestContext) {
        const header = requestContext.node.req.headers.authorization;
        return { pgSettings: viewerOf(header?.slice('Bearer '.length) ?? '', viewers) };
      },
    },
  });
  const server = createServer();
  server.on('error', (error) => console.error(error));
  await instance.createServ(grafserv).addTo(server);
  server.listen(Number(PORT), '127.0.0.1');
}

/** A token is verified once and remembered for half a minute, as Switchyard does. */
const remembered = new Map();

function viewerOf(token, viewers) {
  const entry = remembered.get(token);
  if (entry && Date.now() < entry.until) return entry.pgSettings;
  const claims = jsonwebtoken.verify(token, AUTH_JWT_SECRET, {
    algorithms: ['HS256'],
    issuer: 'switchyard',
    audience: 'switchyard',
  });
  const pgSettings = viewers.get(claims.sub);
  if (!pgSettings) throw new Error('The subject of the token has no role here.');
  remembered.set(token, { pgSettings, until: Math.min(Date.now() + 30_000, claims.exp * 1000) });
  return pgSettings;
}
