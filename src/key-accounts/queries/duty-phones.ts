import { type OnDuty, onDutyAt } from '../../duty/queries/duty.ts';
import type { TeamType } from '../../generated/prisma/enums.ts';
import type { Reader } from '../../organisation/queries.ts';
import { defineLoader } from '../../platform/loaders.ts';

/** Whose desks answer for a key account at any hour, the first that is manned: after its own team's (KEY-24). */
const DESKS: readonly TeamType[] = ['KEY_ACCOUNT', 'CUSTOMER_SERVICE'];

/**
 * Who answers the 24-hour phone of an account now, by its specialist: the person on duty at the desk of their team, else
 * at another desk of key accounts, else of customer service; null where nobody is on duty. One statement.
 */
export const dutyPhoneOf = defineLoader(async (reader: Reader, specialistIds): Promise<(OnDuty | null)[]> => {
  const { teams, employees } = reader.organisation;
  const common = DESKS.flatMap((type) => [...teams.values()].filter((team) => team.type === type)).map(
    ({ id }) => id,
  );
  const wanted = specialistIds.map((id) => {
    const own = employees.get(id)?.teamId;
    return own ? [own, ...common] : common;
  });
  const onDuty = await onDutyAt(reader, wanted.flat(), reader.now, reader.timeZone);
  const byTeam = new Map(onDuty.toReversed().map((shift) => [shift.teamId, shift]));
  return wanted.map((ids) => ids.flatMap((id) => byTeam.get(id) ?? [])[0] ?? null);
});
