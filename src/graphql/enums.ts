import * as prismaEnums from '../generated/prisma/enums.ts';
import type { EnumRef } from '@pothos/core';
import { builder, type Types } from './builder.ts';

type PrismaEnums = typeof prismaEnums;
export type EnumName = keyof PrismaEnums;

/** What each enum of the models is; values are the rulebook's codes and never change with the language. */
const DESCRIPTIONS: Partial<Record<EnumName, string>> = {
  Role: 'Role codes of rulebook section 2. Rights follow from roles (section 23).',
  TicketStatus:
    'States of a ticket. Inquiries and queries use RECEIVED, IN_PROGRESS, ANSWERED, CLOSED (rulebook section 6).',
  CustomerGrade: 'File grade. Grade A files are read by dedicated staff only (CUS-17).',
  KeyAccountLevel: 'Level by annual revenue target (KEY-03); not the file grade (CFL-02).',
  AttachmentKind:
    'What a file attached to a record is: a call recording (TIC-10), a letter (TIC-20), a voucher (BUD-06), another document.',
  EscalationLevel: 'Rungs of the escalation ladder (TIC-34).',
};

function enumOf(name: EnumName, values: string[]) {
  return builder.enumType<string, string[]>(name, {
    description: DESCRIPTIONS[name] ?? `${name.replace(/(?<=[a-z])(?=[A-Z])/g, ' ')}.`,
    values,
  });
}

/** The models' enums as GraphQL types, by name. */
export const ENUMS = Object.fromEntries(
  Object.entries(prismaEnums).map(([name, values]) => [name, enumOf(name as EnumName, Object.keys(values))]),
) as unknown as {
  readonly [Name in EnumName]: EnumRef<Types, PrismaEnums[Name][keyof PrismaEnums[Name]]>;
};
