import { describe, expect, it } from 'vitest';
import { emptyChoices, mergedFile, mergeObstacle } from '../../src/duplicates/rules.ts';

const DAY = 86_400_000;
const START = new Date('2026-01-01T00:00:00Z');

type Filed = Parameters<typeof mergedFile>[0];

function filed(facts: Partial<Filed> = {}): Filed {
  return {
    name: '远大贸易',
    businessLine: 'LOGISTICS',
    type: null,
    industry: null,
    areaId: null,
    ownerId: null,
    contactPerson: null,
    phone: null,
    address: null,
    businessNeeds: null,
    registrationNumber: null,
    fax: null,
    email: null,
    website: null,
    scopeOfBusiness: null,
    mainProducts: null,
    industryPosition: null,
    infoSource: null,
    invoiceTitle: null,
    taxNumber: null,
    creditLimit: null,
    paymentTermDays: null,
    lifecycle: 'LEAD',
    grade: null,
    gradedAt: null,
    custodianId: null,
    informationObtainedAt: null,
    verifiedAt: null,
    registeredAt: null,
    contractNumber: null,
    contractSignedAt: null,
    source: null,
    externalId: null,
    createdAt: START,
    ...facts,
  };
}

const later = (days: number) => new Date(START.getTime() + days * DAY);

describe('the file after a merge', () => {
  it.each([
    ['keeps what the survivor says', filed({ phone: '1' }), filed({ phone: '2' }), [], {}],
    ['fills what it does not have', filed({ phone: ' ' }), filed({ phone: '2' }), [], { phone: '2' }],
    ['takes what was chosen', filed({ phone: '1' }), filed({ phone: '2' }), ['phone'], { phone: '2' }],
    ['keeps its own where the other has nothing', filed({ phone: '1' }), filed(), ['phone'], {}],
    ['is as far as the further one', filed(), filed({ lifecycle: 'ACTIVE' }), [], { lifecycle: 'ACTIVE' }],
    ['does not fall back', filed({ lifecycle: 'DORMANT' }), filed({ lifecycle: 'LOST' }), [], {}],
    ['stays closed', filed({ grade: 'A' }), filed({ grade: 'B' }), [], {}],
    ['is closed where the other was', filed({ grade: 'C' }), filed({ grade: 'A' }), [], { grade: 'A' }],
    ['takes a grade where it has none', filed(), filed({ grade: 'C' }), [], { grade: 'C' }],
    ['keeps its grade', filed({ grade: 'C' }), filed({ grade: 'B' }), [], {}],
    [
      'takes a contract as a whole',
      filed(),
      filed({ contractNumber: 'HT-1', contractSignedAt: later(1), registeredAt: later(2) }),
      [],
      { contractNumber: 'HT-1', contractSignedAt: later(1), registeredAt: later(2) },
    ],
    [
      'keeps its contract as a whole',
      filed({ contractNumber: 'HT-2', contractSignedAt: later(3), registeredAt: later(3) }),
      filed({ contractNumber: 'HT-1', contractSignedAt: later(1), registeredAt: later(2) }),
      [],
      {},
    ],
    [
      'has the newest information and the first entry of both',
      filed({ informationObtainedAt: later(1), createdAt: later(1) }),
      filed({ informationObtainedAt: later(5) }),
      [],
      { informationObtainedAt: later(5), createdAt: START },
    ],
    [
      'comes from where the other came from where it came from nowhere',
      filed(),
      filed({ source: 'crm', externalId: '7' }),
      [],
      { source: 'crm', externalId: '7' },
    ],
  ] as const)('%s', (_title, survivor, duplicate, take, changes) => {
    expect(mergedFile(survivor, duplicate, take)).toEqual(changes);
  });

  it('cannot take what the duplicate does not have', () => {
    expect(emptyChoices(filed({ phone: '2', address: '' }), ['phone', 'address', 'fax'])).toEqual([
      'address',
      'fax',
    ]);
  });
});

describe('what stands against a merge', () => {
  const NOTHING = {
    survivorHasAccount: false,
    duplicateHasAccount: false,
    proposalPending: false,
    survivorCalendar: null,
    duplicateCalendar: null,
  };
  it.each([
    [{}, null],
    [{ survivorHasAccount: true }, null],
    [{ duplicateHasAccount: true }, null],
    [{ survivorHasAccount: true, duplicateHasAccount: true }, 'BOTH_KEY_ACCOUNTS'],
    [{ proposalPending: true }, 'KEY_ACCOUNT_PROPOSAL_PENDING'],
    [{ survivorCalendar: 'ALWAYS_OPEN' }, null],
    [{ survivorCalendar: 'ALWAYS_OPEN', duplicateCalendar: 'ALWAYS_OPEN' }, null],
    [{ survivorCalendar: 'ALWAYS_OPEN', duplicateCalendar: 'OTHER' }, 'SERVICE_CALENDARS_DIFFER'],
  ])('%o: %s', (facts, obstacle) => {
    expect(mergeObstacle({ ...NOTHING, ...facts })).toBe(obstacle);
  });
});
