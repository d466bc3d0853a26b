import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../platform/command.ts';
import { sql } from '../platform/sql.ts';

/** How large a made-up company is. */
export interface CompanySize {
  readonly tickets: number;
  readonly customers: number;
  /** Of them key accounts. */
  readonly accounts: number;
  readonly shipments: number;
  /** Agents, account managers and specialists beside the one person of each role. */
  readonly staff: number;
  /** Every step of every ticket in its history, or only the first and the last. */
  readonly detail: 'full' | 'brief';
}

export const SIZES = {
  demo: { tickets: 5_000, customers: 400, accounts: 40, shipments: 12_000, staff: 32, detail: 'full' },
  '100k': {
    tickets: 100_000,
    customers: 4_000,
    accounts: 400,
    shipments: 200_000,
    staff: 80,
    detail: 'brief',
  },
  '1m': {
    tickets: 1_000_000,
    customers: 20_000,
    accounts: 2_000,
    shipments: 1_000_000,
    staff: 240,
    detail: 'brief',
  },
} as const satisfies Record<string, CompanySize>;

const STATEMENTS = join(import.meta.dirname, 'company.sql');

/** Writes the year of a company of this size: a few large statements, whatever the size. */
export async function writeCompany(tx: Command, timeZone: string, size: CompanySize): Promise<void> {
  const settings = { ...size, now: tx.now.toISOString(), zone: timeZone };
  for (const [name, value] of Object.entries(settings)) {
    await tx.query(sql`select set_config(${`seed.${name}`}, ${String(value)}, true) as set`);
  }
  for (const statement of readFileSync(STATEMENTS, 'utf8').split(/;\n\n/)) {
    await tx.prisma.$executeRawUnsafe(statement.replace(/;\s*$/, ''));
  }
}
