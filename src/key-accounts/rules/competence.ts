import type { KeyAccountCompetence } from '../../generated/prisma/enums.ts';

/** What each part asks for. */
export type CompetenceProfile = Readonly<
  Record<'KA_SPECIALIST' | 'KA_SUPERVISOR', readonly KeyAccountCompetence[]>
>;

export interface Competences {
  readonly employeeId: string;
  readonly competence: KeyAccountCompetence;
}

export interface MissingCompetence {
  readonly employeeId: string;
  readonly competences: readonly KeyAccountCompetence[];
}

/** What is asked of a person's part and was confirmed by nobody; people who lack nothing are left out. */
export function missingCompetences(
  profile: CompetenceProfile,
  confirmed: readonly Competences[],
  people: { readonly specialistId: string | null; readonly supervisorId: string | null },
): MissingCompetence[] {
  const parts = [
    [people.specialistId, profile.KA_SPECIALIST],
    [people.supervisorId, profile.KA_SUPERVISOR],
  ] as const;
  return parts.flatMap(([employeeId, asked]) => {
    if (employeeId === null) return [];
    const has = new Set(
      confirmed.filter((one) => one.employeeId === employeeId).map((one) => one.competence),
    );
    const competences = asked.filter((competence) => !has.has(competence));
    return competences.length === 0 ? [] : [{ employeeId, competences }];
  });
}
