// The limit that bench/nested-list names: the same page of tickets from one hand-written statement behind node:http,
// with the same token, rights and masking, and nothing else.
import pg from 'pg';
import { serveBare } from '../support/bare-server.ts';

const { DATABASE_URL, DATABASE_POOL } = process.env;

/** Instants as text: PostgreSQL's own ISO 8601 but for the T. */
const types = { getTypeParser: () => (value: string) => value };
const pool = new pg.Pool({
  connectionString: DATABASE_URL,
  max: Number(DATABASE_POOL),
  options: '-c timezone=UTC -c jit=off',
  types: types as unknown as pg.CustomTypesConfig,
});

interface Viewer {
  readonly id: string;
  readonly role: 'CS_SUPERVISOR' | 'ACCOUNT_MANAGER_LOGISTICS';
  /** Dedicated assignments from before a change of role have ended. */
  readonly rolesSince: string;
}

const { rows: people } = await pool.query<Viewer & { subject: string }>(`
  select e.subject, e.id, r.role, coalesce(
           (select max(ended.valid_to) from role_assignment ended
            where ended.employee_id = e.id and ended.valid_to <= now()), '-infinity')::text as "rolesSince"
  from employee e join role_assignment r on r.employee_id = e.id
  where r.role in ('CS_SUPERVISOR', 'ACCOUNT_MANAGER_LOGISTICS')`);
const viewers = new Map<string, Viewer>(people.map((person) => [person.subject, person]));

function assigned(customerId: string, dedicated: boolean): string {
  return `exists (
    select 1 from customer_assignment a
    where a.customer_id = ${customerId} and a.employee_id = $1 and a.valid_from <= $2
      and (a.valid_to is null or a.valid_to > $2)
      and ${dedicated ? 'a.dedicated and a.valid_from >= $4' : '(not a.dedicated or a.valid_from >= $4)'})`;
}

const VISIBLE = {
  CS_SUPERVISOR: 'true',
  ACCOUNT_MANAGER_LOGISTICS: `(${assigned('t.customer_id', false)}
    or exists (select 1 from customer o where o.id = t.customer_id and o.owner_id = $1)
    or $1 in (t.assignee_id, t.opened_by_id, t.responsible_person_id))`,
} as const;

const FILE_OPEN = {
  CS_SUPERVISOR: 'true',
  ACCOUNT_MANAGER_LOGISTICS: `(c.owner_id = $1 or ${assigned('c.id', false)} or exists (
    select 1 from access_grant g
    where g.customer_id = c.id and g.requester_id = $1 and g.state = 'APPROVED' and g.valid_until > $2))`,
} as const;

function limitState(dueAt: string, warnAt: string, metAt: string): string {
  return `case when ${dueAt} is null then 'PAUSED' when ${metAt} <= ${dueAt} then 'MET'
    when ${metAt} > ${dueAt} then 'MET_LATE' when t.status = 'CANCELLED' then 'CANCELLED'
    when $2 >= ${dueAt} then 'OVERDUE' when $2 >= ${warnAt} then 'AT_RISK' else 'RUNNING' end`;
}

const FIRST_RESPONSE = limitState(
  't.first_response_due_at',
  't.first_response_warn_at',
  'coalesce(t.first_responded_at, t.resolved_at)',
);
const RESOLUTION = limitState(
  't.resolution_due_at',
  't.resolution_warn_at',
  'coalesce(t.resolved_at, t.closed_at)',
);

function statement(role: Viewer['role']): string {
  return `
    select t.id, t.number, t.category, t.priority, t.status, t.subject, t.opened_at,
           c.id, c.grade, o.id, o.name_en, e.id, e.name_en,
           t.first_response_due_at, ${FIRST_RESPONSE}, t.resolution_due_at, ${RESOLUTION}, t.resolution_warn_at,
           case when case when c.grade = 'A' then ${assigned('c.id', true)} else ${FILE_OPEN[role]} end then c.name
                else left(c.name, case when c.name ~ '[\\u4e00-\\u9fff]' then 2 else 3 end) || '***' end
    from ticket t
    left join customer c on c.id = t.customer_id
    left join employee o on o.id = c.owner_id
    left join employee e on e.id = t.assignee_id
    where $1::uuid is not null and $2::timestamptz is not null and $4::timestamptz is not null and ${VISIBLE[role]}
    order by t.opened_at desc, t.id desc limit $3::int`;
}

const STATEMENTS = {
  CS_SUPERVISOR: statement('CS_SUPERVISOR'),
  ACCOUNT_MANAGER_LOGISTICS: statement('ACCOUNT_MANAGER_LOGISTICS'),
};

type Row = (string | null)[];

function nodeId(type: string, id: string | null | undefined): string {
  return Buffer.from(`${type}:${id}`).toString('base64');
}

function person(id: string | null | undefined, name: string | null | undefined) {
  return id == null ? null : { id: nodeId('Employee', id), name };
}

function instant(value: string | null | undefined): string | null {
  return value == null ? null : `${value.slice(0, 10)}T${value.slice(11, -3)}Z`;
}

function ticket(row: Row) {
  return {
    node: {
      id: nodeId('Ticket', row[0]),
      number: row[1],
      category: row[2],
      priority: row[3],
      status: row[4],
      subject: row[5],
      openedAt: instant(row[6]),
      customer:
        row[7] == null
          ? null
          : { id: nodeId('Customer', row[7]), name: row[18], grade: row[8], owner: person(row[9], row[10]) },
      assignee: person(row[11], row[12]),
      sla: {
        firstResponse: { dueAt: instant(row[13]), state: row[14] },
        resolution: { dueAt: instant(row[15]), state: row[16], warnAt: instant(row[17]) },
      },
    },
  };
}

async function tickets(viewer: Viewer, first: number): Promise<string> {
  const { rows } = await pool.query<Row>({
    name: viewer.role,
    text: STATEMENTS[viewer.role],
    values: [viewer.id, new Date(), first + 1, viewer.rolesSince],
    rowMode: 'array',
  });
  const page = rows.slice(0, first);
  const last = page.at(-1);
  return JSON.stringify({
    data: {
      tickets: {
        edges: page.map(ticket),
        pageInfo: {
          hasNextPage: rows.length > first,
          endCursor: last ? Buffer.from(JSON.stringify([last[6], last[0]])).toString('base64url') : null,
        },
      },
    },
  });
}

serveBare(viewers, (viewer, { first }: { readonly first: number }) => tickets(viewer, first));
