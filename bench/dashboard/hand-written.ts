// The limit that bench/dashboard names: the same figures from one hand-written statement over the same rollups behind
// node:http, with the same token, and nothing else.
import pg from 'pg';
import { serveBare } from '../support/bare-server.ts';

const { DATABASE_URL, DATABASE_POOL } = process.env;

const pool = new pg.Pool({
  connectionString: DATABASE_URL,
  max: Number(DATABASE_POOL),
  options: '-c jit=off',
});

const { rows: people } = await pool.query<{ subject: string }>(`
  select e.subject from employee e join role_assignment r on r.employee_id = e.id
  where r.role = 'CS_SUPERVISOR' and r.valid_from <= now() and (r.valid_to is null or r.valid_to > now())`);
const viewers = new Map(people.map((person) => [person.subject, person]));

/** One range of metric_fact's primary key for each source and cut, one of metric_median's for each middle value. */
const STATEMENT = `
  select a.source, a.cut_kind::text, f.cut, f.numerator, f.denominator, null::numeric as median, 0 as measured
  from (values
    ('receivedTickets', 'NONE', false), ('receivedTickets', 'CATEGORY', false),
    ('openTickets', 'NONE', true), ('openTickets', 'CATEGORY', true),
    ('ticketsAtRisk', 'NONE', true), ('ticketsAtRisk', 'CATEGORY', true),
    ('dueTickets', 'NONE', false), ('dueTickets', 'CATEGORY', false),
    ('receivedComplaints', 'NONE', false), ('receivedComplaints', 'AREA', false), ('receivedComplaints', 'GRADE', false),
    ('openComplaints', 'NONE', true), ('openComplaints', 'AREA', true), ('openComplaints', 'GRADE', true),
    ('complaintsAtRisk', 'NONE', true), ('complaintsAtRisk', 'AREA', true), ('complaintsAtRisk', 'GRADE', true),
    ('dueComplaints', 'NONE', false), ('dueComplaints', 'AREA', false), ('dueComplaints', 'GRADE', false)
  ) as a(source, cut_kind, all_days)
  cross join lateral (
    select f.cut, sum(f.numerator)::int as numerator, sum(f.denominator)::int as denominator
    from metric_fact f
    where f.source = a.source and f.dimension_kind = 'COMPANY' and f.dimension_id = '00000000-0000-0000-0000-000000000000'
      and f.cut_kind = a.cut_kind::"MetricCut" 
      and f.day >= case when a.all_days then '-infinity' else $1::date end
      and f.day < case when a.all_days then 'infinity' else $2::date end
    group by f.cut) f
  union all
  select m.source, m.cut_kind::text, m.cut, 0, 0, m.median, m.measured
  from metric_median m
  where m.source in ('handlingTimes', 'complaintTimes') and m.period = $3 and m.dimension_kind = 'COMPANY'
    and m.dimension_id = '00000000-0000-0000-0000-000000000000' and m.measured > 0`;

type Row = [string, string, string, number, number, string | null, number];

interface Asked {
  readonly period: string;
  readonly from: string;
  readonly until: string;
}

function figures(rows: readonly Row[], of: 'Tickets' | 'Complaints', kind: string, cut: string) {
  const row = (source: string) => rows.find((one) => one[0] === source && one[1] === kind && one[2] === cut);
  const due = row(`due${of}`);
  const open = row(`open${of}`);
  const times = row(of === 'Tickets' ? 'handlingTimes' : 'complaintTimes');
  return {
    received: row(`received${of}`)?.[4] ?? 0,
    open: open?.[4] ?? 0,
    atRisk: row(of === 'Tickets' ? 'ticketsAtRisk' : 'complaintsAtRisk')?.[4] ?? 0,
    overdue: open?.[3] ?? 0,
    due: due?.[4] ?? 0,
    onTime: due?.[3] ?? 0,
    onTimeShare: due?.[4] ? ((100 * due[3]) / due[4]).toFixed(2) : null,
    resolved: times?.[6] ?? 0,
    medianHours: times?.[5] ? (Number(times[5]) / 3_600_000).toFixed(2) : null,
  };
}

function parts(rows: readonly Row[], of: 'Tickets' | 'Complaints', kind: string): string[] {
  const sources = [
    `received${of}`,
    `due${of}`,
    `open${of}`,
    of === 'Tickets' ? 'handlingTimes' : 'complaintTimes',
  ];
  return [
    ...new Set(rows.filter((row) => row[1] === kind && sources.includes(row[0])).map((row) => row[2])),
  ].sort();
}

async function dashboard({ period, from, until }: Asked): Promise<string> {
  const { rows } = await pool.query<Row>({
    name: 'dashboard',
    text: STATEMENT,
    values: [from, until, period],
    rowMode: 'array',
  });
  const id = (area: string) => Buffer.from(`Area:${area}`).toString('base64');
  return JSON.stringify({
    data: {
      dashboard: {
        tickets: {
          ...figures(rows, 'Tickets', 'NONE', ''),
          byCategory: parts(rows, 'Tickets', 'CATEGORY').map((category) => ({
            category,
            ...figures(rows, 'Tickets', 'CATEGORY', category),
          })),
        },
        complaints: {
          ...figures(rows, 'Complaints', 'NONE', ''),
          byArea: parts(rows, 'Complaints', 'AREA').map((area) => ({
            area: { id: id(area) },
            ...figures(rows, 'Complaints', 'AREA', area),
          })),
          byGrade: parts(rows, 'Complaints', 'GRADE').map((grade) => ({
            grade,
            ...figures(rows, 'Complaints', 'GRADE', grade),
          })),
        },
      },
    },
  });
}

serveBare(viewers, (_viewer, asked: Asked) => dashboard(asked));
