import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wsClient } from '../support/clients.ts';
import { freshDatabase, type FreshDatabase } from '../support/database.ts';
import { makeCustomer } from '../support/factories.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type Collector, type ReceivedSpan, startCollector } from './collector.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER_SPAN = '00f067aa0ba902b7';
const TRACEPARENT = `00-${TRACE_ID}-${CALLER_SPAN}-01`;
const PHONE = '13912345678';
const CONTENT = 'The parcel arrived wet.';
const OPEN = `mutation Complain($input: TicketOpenInput!) {
  ticketOpen(input: $input) { __typename ... on TicketOpenSuccess { ticket { number customer { name } } } }
}`;

/** What one server has traced of a complaint, a query, a refused request and a sweep, once it has stopped. */
describe('traces', () => {
  let collector: Collector;
  let fresh: FreshDatabase;
  let spans: readonly ReceivedSpan[];
  const ofTrace = (traceId: string) => spans.filter((span) => span.traceId === traceId);
  const named = (name: string) => spans.filter((span) => span.name === name);

  beforeAll(async () => {
    collector = await startCollector();
    fresh = await freshDatabase();
    const server = await startTestServer({
      database: fresh,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/` },
    });
    await work(server);
    await server.stop();
    spans = collector.spans;
  }, 60_000);
  afterAll(async () => {
    await collector.stop();
    await fresh.drop();
  });

  async function work(server: TestServer): Promise<void> {
    const customer = await makeCustomer(server);
    const client = wsClient(server, 'HEAD');
    const open = client.subscribe('subscription { liveEvents { __typename ... on GeneralEvent { kind } } }');
    await open.ready();
    const { data } = await server.gql(
      'HEAD',
      OPEN,
      {
        input: {
          category: 'COMPLAINT',
          channel: 'PHONE',
          customerId: customer.nodeId,
          subject: 'Wet',
          content: CONTENT,
          callerName: 'Wang',
          callerPhone: PHONE,
        },
      },
      { headers: { traceparent: TRACEPARENT } },
    );
    expect(data.ticketOpen.__typename).toBe('TicketOpenSuccess');
    await open.waitFor((item) => item.kind === 'COMPLAINT_OPENED');
    await server.gql(
      'HEAD',
      '{ tickets(first: 1) { totalCount } }',
      {},
      { headers: { traceparent: 'nonsense' } },
    );
    await server.gql(null, '{ tickets(first: 1) { totalCount } }');
    await server.sweep();
    server.clock.advance(2 * 86_400_000);
    await server.sweep();
    await server.settled();
    await client.dispose();
  }

  it("go on with the caller's trace, from the request to the delivery of its event, in one piece", () => {
    const mine = ofTrace(TRACE_ID);
    const ids = new Set([CALLER_SPAN, ...mine.map((span) => span.spanId)]);
    expect(mine.filter((span) => !ids.has(span.parentSpanId ?? ''))).toEqual([]);
    const names = mine.map((span) => span.name);
    for (const name of [
      'POST /graphql',
      'mutation Complain',
      'Mutation.ticketOpen',
      'command',
      'INSERT',
      'SELECT',
      'relay',
      'deliver',
    ])
      expect(names).toContain(name);
    expect(names.filter((name) => name === 'POST /graphql')).toHaveLength(1);
    // What the relay asks on its own account belongs to no request.
    const texts = mine.map((span) => String(span.attributes['db.query.text']));
    expect(texts.filter((text) => /insert into event\b/.test(text))).toEqual([]);
  });

  it('hang statements below what asks them: writes below the command, the answer below the operation', () => {
    const mine = ofTrace(TRACE_ID);
    const byId = new Map(mine.map((span) => [span.spanId, span]));
    const parentsOf = (verb: string) =>
      new Set(
        mine.filter((span) => span.name === verb).map((span) => byId.get(span.parentSpanId ?? '')?.name),
      );
    expect(parentsOf('INSERT')).toEqual(new Set(['command']));
    expect(parentsOf('SELECT')).toContain('deliver');
    const outbox = mine.find((span) => /insert into outbox/.test(String(span.attributes['db.query.text'])));
    expect(byId.get(outbox?.parentSpanId ?? '')?.name).toBe('command');
    expect(byId.get(mine.find((span) => span.name === 'command')?.parentSpanId ?? '')?.name).toBe(
      'Mutation.ticketOpen',
    );
  });

  it('begin anew where the caller names no trace that there can be', () => {
    const [query, ...more] = named('Query.tickets').filter((span) => span.traceId !== TRACE_ID);
    expect(query).toBeDefined();
    expect(more).toHaveLength(1);
    expect(ofTrace(query?.traceId ?? '').map((span) => span.name)).toContain('POST /graphql');
  });

  it('have a trace of their own for each sweep that found something, and none for the others', () => {
    const sweeps = named('sweep');
    expect(sweeps.length).toBeGreaterThan(0);
    for (const sweep of sweeps) {
      expect(sweep.parentSpanId ?? '').toBe('');
      expect(Number(sweep.attributes['switchyard.items'])).toBeGreaterThan(0);
      expect(ofTrace(sweep.traceId).map((span) => span.name)).toContain('command');
    }
    expect(named('relay').some((span) => sweeps.some((sweep) => sweep.traceId === span.traceId))).toBe(true);
  });

  it('carry no token, no value and no input', () => {
    expect(collector.text).not.toContain(PHONE);
    expect(collector.text).not.toContain(CONTENT);
    expect(collector.text).not.toContain('eyJ');
  });
});
