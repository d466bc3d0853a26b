import type { Issues } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { Command } from '../../platform/command.ts';
import { revenueOfYear } from '../queries/revenue.ts';
import { levelFor } from '../rules/level.ts';
import { KEY_ACCOUNT_SETTINGS } from '../settings.ts';
import { reviewLevels } from './candidates.ts';
import { dutyPeriod, KEY_ACCOUNT_REVIEW, meetDuty } from './duties.ts';
import type { Recording } from './records.ts';

/** The review of the period that runs: once, with the figures as they stand; it works out the level again (KEY-03, KEY-17). */
export function reviewRecording(
  tx: Command,
  directory: Pick<Reader, 'organisation' | 'timeZone'>,
): Recording {
  const { key: period } = dutyPeriod(tx, KEY_ACCOUNT_REVIEW, directory.timeZone);
  return {
    check: async (issues: Issues, _values, { account }) => {
      const done = await tx.prisma.keyAccountReview.findUnique({
        where: { keyAccountId_period: { keyAccountId: account.id, period } },
      });
      issues.expect(
        done === null,
        'keyAccountId',
        text(`an account not yet reviewed in ${period}`, `${period} 尚未评审的大客户`),
      );
    },
    facts: async (_values, { account, customer }) => {
      const revenue = await revenueOfYear(tx, [customer.id], tx.now, directory.timeZone);
      return {
        period,
        level: account.level,
        levelByTarget: levelFor(
          account.annualRevenueTarget,
          tx.settings.get(KEY_ACCOUNT_SETTINGS.thresholds),
        ),
        annualRevenueTarget: account.annualRevenueTarget,
        revenue: revenue.get(customer.id) ?? '0.00',
      };
    },
    after: async (id, _values, { account }) => {
      await meetDuty(tx, KEY_ACCOUNT_REVIEW, account.id, period, id);
      await reviewLevels(tx, [account.id], directory);
    },
  };
}
