import { globalId } from '../../src/graphql/ids.ts';
import { newId } from '../../src/lib/ids.ts';
import { people } from '../support/people.ts';
import type { TestServer } from '../support/server.ts';

/** One record of every kind that belongs to a key account or says what becomes of its customer; their Node ids by type. */
export async function makeAccountRecords(
  server: TestServer,
  account: { readonly id: string },
  customer: { readonly id: string },
  contact: { readonly id: string },
): Promise<Record<RecordType, string>> {
  const now = server.clock.now();
  const made = Object.fromEntries(ALL.map((type) => [type, newId()])) as Record<RecordType, string>;
  const day = new Date('2026-12-01');
  const recorded = { keyAccountId: account.id, recordedAt: now, recordedById: people.KA_SUPERVISOR.id };
  const figures = { level: 'B', revenue: '1.00' } as const;
  await server.services.database.transaction(async ({ prisma }) => {
    await prisma.keyAccountCandidate.create({
      data: { id: made.KeyAccountCandidate, customerId: customer.id, foundAt: now, ...figures },
    });
    await prisma.keyAccountProposal.create({
      data: {
        id: made.KeyAccountProposal,
        kind: 'LEVEL_CHANGE',
        customerId: customer.id,
        keyAccountId: account.id,
        levelBefore: 'C',
        annualRevenueTarget: '2000000.00',
        requestedAt: now,
        ...figures,
      },
    });
    await prisma.keyAccountHandover.create({
      data: {
        id: made.KeyAccountHandover,
        ...recorded,
        toSpecialistId: people.KA_SPECIALIST.id,
        content: '交接',
      },
    });
    await prisma.keyAccountReview.create({
      data: {
        id: made.KeyAccountReview,
        ...recorded,
        period: '2026-Q4',
        assessment: '稳定',
        needs: '仓位',
        measures: '预留',
        annualRevenueTarget: '2000000.00',
        ...figures,
      },
    });
    await prisma.keyAccountProject.create({
      data: { id: made.KeyAccountProject, ...recorded, name: '仓网', content: '三仓联动', milestones: [] },
    });
    await prisma.serviceInspection.create({
      data: {
        id: made.ServiceInspection,
        ...recorded,
        period: '2026-11',
        result: 'SATISFACTORY',
        findings: '齐全',
      },
    });
    await prisma.servicePlan.create({
      data: { id: made.ServicePlan, ...recorded, content: '专车', goals: '准时' },
    });
    await prisma.serviceRequest.create({
      data: {
        id: made.ServiceRequest,
        ...recorded,
        mode: 'PICKUP',
        description: '取件',
        assigneeId: people.KA_SPECIALIST.id,
        log: [],
      },
    });
    await prisma.valueAddedService.create({
      data: { id: made.ValueAddedService, ...recorded, name: '贴标', description: '贴标', since: day },
    });
    await prisma.customerStockSnapshot.create({
      data: {
        id: made.CustomerStockSnapshot,
        ...recorded,
        takenOn: day,
        goods: '空调',
        unit: '台',
        stock: 1,
      },
    });
    await prisma.keyAccountMeeting.create({
      data: {
        id: made.KeyAccountMeeting,
        type: 'KA_SYMPOSIUM',
        heldAt: now,
        subject: '座谈',
        participants: ['王'],
        keyAccountIds: [account.id],
        recordedAt: now,
        recordedById: people.KA_SUPERVISOR.id,
      },
    });
    await prisma.customerRequirement.create({
      data: { id: made.CustomerRequirement, ...recorded, content: '夜间提货' },
    });
    await prisma.careAction.create({
      data: { id: made.CareAction, ...recorded, type: 'ADVICE', content: '建议', dueOn: day },
    });
    await prisma.giftRecord.create({
      data: {
        id: made.GiftRecord,
        ...recorded,
        contactId: contact.id,
        kind: 'GIFT',
        description: '月饼',
        value: 1,
        givenOn: day,
        state: 'WITHIN_LIMIT',
      },
    });
    await prisma.keyAccountIncentive.create({
      data: { id: made.KeyAccountIncentive, ...recorded, period: '2026', description: '返利', steps: [] },
    });
    await prisma.keyAccountAnalysis.create({
      data: { id: made.KeyAccountAnalysis, ...recorded, period: '2026-Q3', type: 'GROWTH', figures: [] },
    });
    await prisma.keyAccountRevenueReport.create({
      data: {
        id: made.KeyAccountRevenueReport,
        specialistId: people.KA_SPECIALIST.id,
        // A person has one report of a period.
        period: made.KeyAccountRevenueReport,
        dueAt: now,
        lines: [],
        createdAt: now,
      },
    });
    await prisma.peakSeason.create({
      data: {
        id: made.PeakSeason,
        name: '双旦',
        startsOn: day,
        endsOn: day,
        recordedAt: now,
        recordedById: people.KA_SUPERVISOR.id,
      },
    });
  });
  return Object.fromEntries(
    Object.entries(made).map(([type, id]) => [type, globalId(type, id)]),
  ) as typeof made;
}

/** What is read where the account is read fully, and else not known of. */
export const ACCOUNT_RECORDS = [
  'KeyAccountCandidate',
  'KeyAccountProposal',
  'KeyAccountHandover',
  'KeyAccountReview',
  'KeyAccountProject',
  'ServiceInspection',
  'ServicePlan',
  'ServiceRequest',
  'ValueAddedService',
  'CustomerStockSnapshot',
  'KeyAccountMeeting',
  'KeyAccountRevenueReport',
] as const;

/** What customers said or got: read where the file is, too. */
export const FILE_RECORDS = ['CustomerRequirement', 'CareAction', 'GiftRecord'] as const;

/** Read by others beside. */
export const OTHER_RECORDS = ['KeyAccountIncentive', 'PeakSeason'] as const;

/** For few: leaders and key account staff. */
export const ANALYSES = ['KeyAccountAnalysis'] as const;

const ALL = [...ACCOUNT_RECORDS, ...FILE_RECORDS, ...OTHER_RECORDS, ...ANALYSES] as const;
type RecordType = (typeof ALL)[number];
