import { watchCoverage } from '../duty/commands/coverage.ts';
import { localDate, startOfLocalDay } from '../lib/periods.ts';
import type { Command } from '../platform/command.ts';
import { sql } from '../platform/sql.ts';
import { demoId, type DemoPeople } from './people.ts';

const HOUR = 3_600_000;
const SHIFT_HOURS = 8;
/** Early, late and night shifts from yesterday on. */
const SHIFTS = 31 * 3;

/** The complaint desk of customer service, manned day and night for a month by its agents in turn (TIC-02). */
export async function seedDuty(tx: Command, people: DemoPeople, timeZone: string): Promise<void> {
  const teamId = people.teams.CUSTOMER_SERVICE;
  const agents = await tx.query<{ id: string }>(sql`
    select e.id from employee e join role_assignment r on r.employee_id = e.id and r.role = 'CS_AGENT'
    where e.team_id = ${teamId}::uuid order by e.number`);
  const deskId = demoId('d000', 1);
  const today = startOfLocalDay(localDate(tx.now.getTime(), timeZone), timeZone);
  const first = today - 24 * HOUR;
  await tx.prisma.dutyDesk.create({
    data: { id: deskId, teamId, calendarCode: 'ALWAYS_OPEN', openedAt: new Date(first) },
  });
  await tx.prisma.dutyShift.createMany({
    data: Array.from({ length: SHIFTS }, (_, index) => ({
      id: demoId('d001', index + 1),
      planId: demoId('d002', 1),
      deskId,
      employeeId: agents[index % agents.length]?.id ?? people.employees.CS_AGENT,
      from: new Date(first + index * SHIFT_HOURS * HOUR),
      to: new Date(first + (index + 1) * SHIFT_HOURS * HOUR),
      phone: `021-5558 ${String(1001 + (index % agents.length)).padStart(4, '0')}`,
      createdAt: tx.now,
      createdById: people.employees.MARKETING_CLERK,
    })),
  });
  await watchCoverage(tx, [deskId], timeZone);
}
