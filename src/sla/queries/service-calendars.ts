import type { ServiceCalendar } from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import { defineLoader } from '../../platform/loaders.ts';
import { columns, sql } from '../../platform/sql.ts';

export type ServiceCalendarRow = ServiceCalendar;

/** Of files that the viewer has been given; by the index service_calendar(customer_id, valid_from). */
export const serviceCalendarsOf = defineLoader(async (reader: Reader, customerIds) => {
  const rows = await reader.query<ServiceCalendarRow>(sql`
    select ${columns('a', ['id', 'customerId', 'calendarCode', 'contract', 'reason', 'validFrom', 'validTo', 'setById', 'endedById'])}
    from service_calendar a where a.customer_id = any(${[...customerIds]}::uuid[])
    order by a.valid_from desc, a.id desc`);
  const byCustomer = Map.groupBy(rows, (row) => row.customerId);
  return customerIds.map((id) => byCustomer.get(id) ?? []);
});
