import { z } from 'zod';
import { InvalidDuration, parseDuration } from './duration.ts';

/** How far a role's power to decide reaches: everywhere, in the areas assigned to the person, or in the own department. */
export const APPROVAL_SCOPES = ['ALL', 'AREA', 'DEPARTMENT'] as const;

/** A role that may decide a step. */
export interface Approver {
  readonly role: string;
  readonly scope: (typeof APPROVAL_SCOPES)[number];
}

/** A step of a chain: one of its approvers decides, within the limit. */
export interface ChainStep {
  readonly approvers: readonly Approver[];
  /** ISO 8601. Hours run day and night (PT4H); days are working days (P2D), and hours beside them open hours. */
  readonly within: string;
}

/** A chain as a setting holds it: its steps in order. */
export interface Chain {
  readonly steps: readonly ChainStep[];
}

/** What a setting accepts as a chain. `roles` are those that may have a part in it: they must be able to see what it decides. */
export function approvalChain<const Roles extends readonly [string, ...string[]]>(roles: Roles) {
  const approver = z.object({ role: z.enum(roles), scope: z.enum(APPROVAL_SCOPES) });
  return z.object({
    steps: z
      .array(
        z.object({
          approvers: z
            .array(approver)
            .min(1)
            .refine((all) => new Set(all.map(({ role }) => role)).size === all.length, 'each role once'),
          within: z.string().refine(isLimit, 'a limit such as PT4H or P2D'),
        }),
      )
      .min(1)
      .max(10),
  });
}

function isLimit(text: string): boolean {
  try {
    parseDuration(text);
    return true;
  } catch (error) {
    if (error instanceof InvalidDuration) return false;
    throw error;
  }
}
