// PostGraphile 5 with the Amber preset in production settings: what bench/nested-list compares Switchyard with.
import { pgClassExpression, TYPES } from 'postgraphile/@dataplan/pg';
import { extendSchema } from 'postgraphile/utils';
import { serve } from './serve.mjs';

const { ROLE_PREFIX } = process.env;

/**
 * What depends on the viewer or is nested as Switchyard nests it. Every plan is an expression inside PostGraphile's one
 * statement: a computed column with a subquery would be called once per row instead (README.md).
 */
const switchyardFields = extendSchema((build) => {
  const { sql } = build;
  const { ticket_first_response_state: firstResponseState, ticket_resolution_state: resolutionState } =
    build.input.pgRegistry.pgResources;
  const stateOf = (ticket, state) =>
    pgClassExpression(ticket, state.codec)`${state.from({ placeholder: ticket.getClassStep().alias })}`;
  return {
    typeDefs: /* GraphQL */ `
      type FirstResponseLimit { dueAt: Datetime, state: SlaLimitState! }
      type ResolutionLimit { dueAt: Datetime, warnAt: Datetime, state: SlaLimitState! }
      type TicketSla { firstResponse: FirstResponseLimit, resolution: ResolutionLimit }
      extend type Ticket { sla: TicketSla }
      extend type Customer { name: String! }
    `,
    objects: {
      Ticket: { plans: { sla: (ticket) => ticket } },
      TicketSla: { plans: { firstResponse: (ticket) => ticket, resolution: (ticket) => ticket } },
      FirstResponseLimit: {
        plans: {
          dueAt: (ticket) => ticket.get('first_response_due_at'),
          state: (ticket) => stateOf(ticket, firstResponseState),
        },
      },
      ResolutionLimit: {
        plans: {
          dueAt: (ticket) => ticket.get('resolution_due_at'),
          warnAt: (ticket) => ticket.get('resolution_warn_at'),
          state: (ticket) => stateOf(ticket, resolutionState),
        },
      },
      Customer: {
        plans: {
          name: (customer) =>
            pgClassExpression(customer, TYPES.text)`${shownName(sql, customer.getClassStep().alias)}`,
        },
      },
    },
  };
});

/** The name in full where the viewer may read the file, shortened otherwise. */
function shownName(sql, c) {
  const viewer = sql`(select current_setting('viewer.id')::uuid)`;
  const assigned = sql`
    select 1 from customer_assignment a
    where a.customer_id = ${c}.id and a.employee_id = ${viewer}
      and a.valid_from <= now() and (a.valid_to is null or a.valid_to > now())`;
  const inRole = sql`a.valid_from >= (select current_setting('viewer.roles_since')::timestamptz)`;
  return sql`case
    when case
      when ${c}.grade = 'A' then exists (${assigned} and a.dedicated and ${inRole})
      when (select current_setting('viewer.files')) = 'ALL' then true
      else ${c}.owner_id = ${viewer} or exists (${assigned} and (not a.dedicated or ${inRole})) or exists (
        select 1 from access_grant g
        where g.customer_id = ${c}.id and g.requester_id = ${viewer} and g.state = 'APPROVED' and g.valid_until > now())
    end then ${c}.name
    else left(${c}.name, case when ${c}.name ~ '[\\u4e00-\\u9fff]' then 2 else 3 end) || '***'
  end`;
}

/** Who may ask, kept in the process as Switchyard keeps its directory: subject to the settings of the session. */
async function readViewers(pool) {
  const { rows } = await pool.query(`
    select e.subject, e.id, r.role, coalesce(
             (select max(ended.valid_to) from role_assignment ended
              where ended.employee_id = e.id and ended.valid_to <= now()), '-infinity')::text as roles_since
    from employee e join role_assignment r on r.employee_id = e.id
    where r.role in ('CS_SUPERVISOR', 'ACCOUNT_MANAGER_LOGISTICS')`);
  return new Map(
    rows.map(({ subject, id, role, roles_since }) => [
      subject,
      {
        role: `${ROLE_PREFIX}_${role === 'CS_SUPERVISOR' ? 'cs_supervisor' : 'account_manager'}`,
        'viewer.id': id,
        'viewer.files': role === 'CS_SUPERVISOR' ? 'ALL' : 'ASSIGNED',
        // Dedicated assignments from before a change of role have ended.
        'viewer.roles_since': roles_since,
      },
    ]),
  );
}

await serve({ schema: 'public', plugins: [switchyardFields], readViewers });
