import { describe, expect, test } from 'vitest';
import { instantReader, isFormat } from '../../src/import/instants.ts';
import { IMPORT_KINDS } from '../../src/import/kinds.ts';
import { ownNames, parseMapping, rowMapper } from '../../src/import/mapping.ts';
import { SeenIds } from '../../src/import/seen.ts';
import { zonedInstant } from '../../src/lib/periods.ts';

function kind(name: string) {
  const found = IMPORT_KINDS[name];
  if (!found) throw new Error(`There is no kind ${name}.`);
  return found;
}

const tickets = kind('tickets');

/** The least that a mapping of tickets needs. */
const FIELDS = {
  category: { constant: 'INQUIRY' },
  channel: { constant: 'PHONE' },
  subject: 'title',
  openedAt: 'opened',
};
const MAPPING = { kind: 'tickets', source: 'old', externalId: 'id', fields: FIELDS };

/** What a row becomes under rules beside those of FIELDS. */
function mapped(fields: object, cells: Record<string, string>, more: object = {}) {
  const mapping = parseMapping(
    'm.json',
    JSON.stringify({ ...MAPPING, ...more, fields: { ...FIELDS, ...fields } }),
    tickets,
  );
  const row = new Map(
    Object.entries({ id: '1', title: 'Lost parcel', opened: '2026-11-23 09:00:00', ...cells }),
  );
  const { values, extra, issues } = rowMapper(tickets, mapping, [...row.keys()], 'Asia/Shanghai').map(row);
  return {
    values,
    extra,
    issues: issues.map(({ column, value, accepted }) => `${column} ${value}: ${accepted.en}`),
  };
}

describe('A rule fills a field', () => {
  test('from a column, its own or one for all rows, trimmed', () => {
    expect(mapped({ content: 'text' }, { text: '  It never came ' }).values).toMatchObject({
      source: 'old',
      externalId: '1',
      category: 'INQUIRY',
      content: 'It never came',
      claimAmount: null,
    });
  });

  test('leading zeros stay', () => {
    expect(mapped({ shipmentNumber: 'no' }, { no: '007' }).values.shipmentNumber).toBe('007');
  });

  test('one that is not trimmed keeps its spaces, but spaces alone are empty', () => {
    expect(mapped({ content: { column: 'text', trim: false } }, { text: ' a ' }).values.content).toBe(' a ');
    expect(mapped({ content: { column: 'text', trim: false } }, { text: ' ' }).values.content).toBeNull();
  });

  test('a default stands for an empty cell', () => {
    const fields = { channel: { column: 'via', default: 'OTHER' } };
    expect(mapped(fields, { via: ' ' }).values.channel).toBe('OTHER');
    expect(mapped(fields, { via: 'EMAIL' }).values.channel).toBe('EMAIL');
  });

  test('a code table translates; a word that it lacks is refused, or means another code', () => {
    const values = { Call: 'PHONE', Web: 'ONLINE' };
    expect(mapped({ channel: { column: 'via', values } }, { via: 'Web ' }).values.channel).toBe('ONLINE');
    expect(mapped({ channel: { column: 'via', values } }, { via: 'Fax' }).issues).toEqual([
      'via Fax: one of Call, Web',
    ]);
    expect(
      mapped({ channel: { column: 'via', values, otherwise: 'OTHER' } }, { via: 'Fax' }).values.channel,
    ).toBe('OTHER');
  });

  test('a field that every row needs is not empty, others are when the mapping says so', () => {
    expect(mapped({}, { title: ' ' }).issues).toEqual(['title  : not empty; at most 200 characters']);
    expect(mapped({ callerName: 'who' }, { who: '' }).values.callerName).toBeNull();
    expect(mapped({ callerName: { column: 'who', required: true } }, { who: '' }).issues).toEqual([
      'who : not empty; at most 200 characters',
    ]);
  });

  test.each([
    ['claimAmount', '12.50', '12.50'],
    ['claimAmount', '12.505', 'an amount of 0 or more with at most two places, such as 1250.00'],
    ['claimAmount', '-1', 'an amount of 0 or more with at most two places, such as 1250.00'],
    ['injury', 'Yes', true],
    ['injury', '0', false],
    ['injury', 'perhaps', 'true, yes or 1; false, no or 0'],
    ['topic', 'price', 'one of PRICE, TRANSIT_TIME, COVERAGE, ORDERING, OTHER'],
    ['callerName', 'x'.repeat(201), 'at most 200 characters'],
    ['callerName', 'a\0b', 'at most 200 characters'],
    ['callerName', 'a\ud800b', 'at most 200 characters'],
  ])('%s of %j is %j', (field, cell, expected) => {
    const { values, issues } = mapped({ [field]: 'cell' }, { cell });
    if (issues.length > 0) expect(issues).toEqual([`cell ${cell}: ${expected}`]);
    else expect(values[field]).toBe(expected);
  });

  test('further columns are kept as facts of the source, without the empty ones', () => {
    expect(
      mapped({}, { zip: '02124', ward: ' ', queue: ' a ' }, { extra: ['zip', 'ward', 'queue'] }).extra,
    ).toEqual({
      zip: '02124',
      queue: 'a',
    });
    expect(mapped({}, { zip: '02124' }).extra).toBeNull();
  });

  test.each([
    ['1,250.50', { decimal: '.', thousands: ',' }, '1250.50'],
    ['¥ 1,250,000', { decimal: '.', thousands: ',' }, '1250000'],
    ['1.250,5 €', { decimal: ',', thousands: '.' }, '1250.5'],
    ['12 500,00', { decimal: ',', thousands: ' ' }, '12500.00'],
    ["1'250.00", { decimal: '.', thousands: "'" }, '1250.00'],
    ['1250元', { decimal: '.' }, '1250'],
    ['1,25,000', { decimal: '.', thousands: ',' }, null],
    ['1,250', { decimal: '.' }, null],
    ['#N/A', { decimal: '.' }, null],
  ])('the amount %s, written with %j, is %s', (cell, number, amount) => {
    const { values, issues } = mapped({ claimAmount: { column: 'claim', number } }, { claim: cell });
    expect(values.claimAmount).toBe(amount);
    expect(issues).toHaveLength(amount === null ? 1 : 0);
  });

  describe('unknown', () => {
    const claim = { column: 'claim', unknown: { texts: ['N/A'], patterns: ['See \\d+'] } };

    test.each(['N/A', ' N/A ', 'See 17'])('%j leaves the field empty and is kept as a fact', (cell) => {
      const { values, extra, issues } = mapped({ claimAmount: claim }, { claim: cell });
      expect(values.claimAmount).toBeNull();
      expect([extra, issues]).toEqual([{ claim: cell.trim() }, []]);
    });

    test('a value is read as without it, and no fact', () => {
      expect(mapped({ claimAmount: claim }, { claim: '1.50' })).toMatchObject({
        values: { claimAmount: '1.50' },
        extra: {},
        issues: [],
      });
    });

    test.each(['n/a', 'N/A.', 'See 17b', 'Oh, See 17'])('%j was not declared and is refused', (cell) => {
      expect(mapped({ claimAmount: claim }, { claim: cell }).issues).toEqual([
        `claim ${cell}: an amount of 0 or more with at most two places, such as 1250.00; or as not known N/A, /See \\d+/`,
      ]);
    });

    test('a field that every row needs cannot be unknown, and a pattern must be one', () => {
      const stopped = (rule: object) => () => mapped(rule, {});
      expect(stopped({ subject: { column: 'title', unknown: { texts: ['-'] } } })).toThrow(
        /subject\.unknown/,
      );
      expect(stopped({ content: { column: 'c', unknown: { patterns: ['('] } } })).toThrow(
        /content\.unknown\.patterns/,
      );
    });
  });

  test('everything wrong with a row is told at once', () => {
    expect(
      mapped({ claimAmount: 'claim' }, { claim: 'much', opened: 'today', title: '' }).issues,
    ).toHaveLength(3);
  });
});

describe('Times', () => {
  test.each([
    // Summer, winter, and the hour that 6 November 2011 has twice: its first occurrence.
    ['2011-07-01 01:32:33', '2011-07-01T05:32:33.000Z'],
    ['2011-12-31 22:25:24', '2012-01-01T03:25:24.000Z'],
    ['2011-11-06 01:11:52', '2011-11-06T05:11:52.000Z'],
    ['2011-11-06 03:00:00', '2011-11-06T08:00:00.000Z'],
    // The hour that 13 March 2011 lacks.
    ['2011-03-13 02:30:00', '2011-03-13T07:30:00.000Z'],
    ['2059-01-01 00:00:00', '2059-01-01T05:00:00.000Z'],
  ])('%s on the wall clock of New York', (wallClock, expected) => {
    expect(instantReader('YYYY-MM-DD HH:mm:ss', 'America/New_York').read(wallClock)?.toISOString()).toBe(
      expected,
    );
  });

  test('every hour of a year means what the slow way says, in zones with odd changes of the clocks', () => {
    for (const zone of ['America/New_York', 'Australia/Lord_Howe', 'America/Sao_Paulo']) {
      const reader = instantReader(null, zone);
      for (let hour = 0; hour < 366 * 24; hour += 1) {
        const wallClock = new Date(Date.UTC(2014, 0, 1, hour, 31)).toISOString().slice(0, 19);
        expect(reader.read(wallClock)?.getTime(), `${wallClock} ${zone}`).toBe(zonedInstant(wallClock, zone));
      }
    }
  });

  test.each([
    ['DD/MM/YYYY HH:mm', '05/04/2026 08:30', '2026-04-05T00:30:00.000Z'],
    ['M/D/YYYY H:mm', '4/5/2026 8:30', '2026-04-05T00:30:00.000Z'],
    ['YYYY.MM.DD', '2026.04.05', '2026-04-04T16:00:00.000Z'],
    ['YYYYMMDDHHmmssSSS', '20260405083000123', '2026-04-05T00:30:00.123Z'],
    ['YYYY-MM-DDTHH:mm:ss', '2026-04-05T08:30:00', '2026-04-05T00:30:00.000Z'],
    ['YYYY年M月D日 HH:mm', '2026年4月5日 08:30', '2026-04-05T00:30:00.000Z'],
    [null, '2026-04-05', '2026-04-04T16:00:00.000Z'],
    [null, '2026-04-05 08:30', '2026-04-05T00:30:00.000Z'],
    [null, '2026-04-05T08:30:00Z', '2026-04-05T08:30:00.000Z'],
    [null, '2026-04-05T08:30:00.5-05:30', '2026-04-05T14:00:00.500Z'],
    ['YYYY-MM-DD', '2026-02-29', undefined],
    ['YYYY-MM-DD HH:mm', '2026-04-05 24:00', undefined],
    ['YYYY-MM-DD HH:mm', '2026-04-05 08:60', undefined],
    ['YYYY-MM-DD', '2026-04-05 08:30', undefined],
    ['YYYY.MM.DD', '2026x04x05', undefined],
    [null, '2026-02-30T00:00:00Z', undefined],
    [null, '1026-04-05', undefined],
    [null, '05/04/2026', undefined],
  ])('%s reads %s', (format, value, expected) => {
    expect(instantReader(format, 'Asia/Shanghai').read(value)?.toISOString()).toBe(expected);
  });

  test.each([
    ['YYYY-MM-DD', true],
    ['D.M.YYYY H:mm', true],
    ['YYYY-MM-DD mm', false],
    ['YYYY-MM', false],
    ['YYYY-MM-DD DD', false],
    ['yyyy-mm-dd', false],
    ['', false],
  ])('%j is a format: %s', (format, expected) => {
    expect(isFormat(format)).toBe(expected);
  });

  test('the rule, the mapping, the deployment name the time zone, in this order', () => {
    const opened = '2026-11-23 09:00:00';
    const at = (fields: object, more: object = {}) => mapped(fields, { opened }, more).values.openedAt;
    expect(at({})).toEqual(new Date('2026-11-23T01:00:00Z'));
    expect(at({}, { timeZone: 'America/New_York' })).toEqual(new Date('2026-11-23T14:00:00Z'));
    expect(at({ openedAt: { column: 'opened', timeZone: 'UTC' } }, { timeZone: 'America/New_York' })).toEqual(
      new Date('2026-11-23T09:00:00Z'),
    );
  });
});

describe('Days with names of months and short years', () => {
  const reader = instantReader('D-MMM-YY', 'Asia/Shanghai');

  test.each([
    ['2-Jun-06', '2006-06-01T16:00:00.000Z', '2006-06-02T15:59:59.999Z'],
    ['29-FEB-12', '2012-02-28T16:00:00.000Z', '2012-02-29T15:59:59.999Z'],
    ['31-Dec-15', '2015-12-30T16:00:00.000Z', '2015-12-31T15:59:59.999Z'],
  ])('%s is a day from its first instant, as a promise until its last', (written, first, last) => {
    expect(reader.read(written)?.toISOString()).toBe(first);
    expect(reader.readUntil(written)?.toISOString()).toBe(last);
  });

  test.each(['2-Juni-06', '2-Jux-06', '29-Feb-11', '2-Jun-2006', '2-6-06'])('%s is refused', (written) => {
    expect(reader.read(written)).toBeUndefined();
    expect(reader.readUntil(written)).toBeUndefined();
  });

  test('a promise with a time is that time, and a day of 23 hours ends with it', () => {
    const zone = instantReader(null, 'America/New_York');
    expect(zone.readUntil('2026-03-08 10:00')?.toISOString()).toBe('2026-03-08T14:00:00.000Z');
    expect(zone.readUntil('2026-03-08')?.toISOString()).toBe('2026-03-09T03:59:59.999Z');
  });
});

describe('A mapping that cannot be used says all that is wrong with it', () => {
  function wrong(mapping: unknown, of = 'tickets'): string[] {
    try {
      parseMapping('m.json', typeof mapping === 'string' ? mapping : JSON.stringify(mapping), kind(of));
    } catch (error) {
      return (error as Error).message
        .split('\n')
        .slice(1)
        .map((line) => line.trim());
    }
    return [];
  }

  test('keys', () => {
    expect(wrong({ ...MAPPING, fields: { ...FIELDS, subject: { colum: 'title' } }, sources: 'x' })).toEqual([
      'fields.subject: colum is no key here; accepted: column, constant, values, otherwise, unknown, default, required, trim, format, timeZone, number',
      'the file: sources is no key here; accepted: kind, source, externalId, delimiter, format, timeZone, fields, extra, repeats, log',
    ]);
  });

  test('fields', () => {
    const { subject: _, ...fields } = FIELDS;
    expect(wrong({ ...MAPPING, fields: { ...fields, opendAt: 'opened' } })).toEqual([
      expect.stringMatching(/^fields\.opendAt: accepted: the fields category, status, /),
      'fields.subject: accepted: a rule, for every row needs it',
    ]);
  });

  test('rules', () => {
    const fields = {
      ...FIELDS,
      category: { constant: 'INQURY' },
      status: { column: 's', values: { Open: 'OPEN' }, otherwise: 'SHUT' },
      channel: { column: 'via', constant: 'PHONE' },
      subject: { column: 'title', format: 'YYYY-MM-DD' },
      closedAt: { column: 'closed', format: 'yyyy', timeZone: '+08:00' },
    };
    expect(wrong({ ...MAPPING, fields, timeZone: 'Mars/Olympus', kind: 'customers' })).toEqual([
      'kind: accepted: tickets, as on the command line',
      'timeZone: accepted: an IANA time zone such as Asia/Shanghai',
      'fields.category.constant: accepted: one of INQUIRY, SHIPMENT_QUERY, COMPLAINT',
      'fields.channel: accepted: either a column or a constant',
      'fields.subject: accepted: format and timeZone for times only',
      expect.stringMatching(/^fields\.status\.otherwise: accepted: one of RECEIVED, /),
      expect.stringMatching(/^fields\.status\.values\.Open: accepted: one of RECEIVED, /),
      expect.stringMatching(/^fields\.closedAt\.format: accepted: a format of YYYY or YY /),
      'fields.closedAt.timeZone: accepted: an IANA time zone such as Asia/Shanghai',
    ]);
  });

  test('an id that is the same for every row', () => {
    expect(wrong({ ...MAPPING, externalId: { constant: '1' } })).toEqual([
      'externalId: accepted: a column, with another value in every row',
    ]);
  });

  test('facts for a kind that keeps none', () => {
    const mapping = {
      kind: 'customers',
      source: 'crm',
      externalId: 'id',
      fields: { name: 'name' },
      extra: ['zip'],
    };
    expect(wrong(mapping, 'customers')).toEqual([
      'extra: accepted: nothing: customers keep no further facts',
    ]);
  });

  test('text that is no JSON', () => {
    expect(() => parseMapping('m.json', '{', tickets)).toThrow(/^m\.json is no JSON: /);
  });

  test('columns that the file lacks', () => {
    const mapping = parseMapping('m.json', JSON.stringify({ ...MAPPING, extra: ['zip'] }), tickets);
    expect(() => rowMapper(tickets, mapping, ['id', 'title'], 'UTC')).toThrow(
      'The mapping names columns that the file lacks: opened, zip. Accepted: id, title.',
    );
  });
});

describe('Without a mapping', () => {
  test('the columns bear the names of the fields', () => {
    const mapping = ownNames(['source', 'externalId', 'name'], kind('customers'));
    const mapper = rowMapper(kind('customers'), mapping, ['source', 'externalId', 'name'], 'UTC');
    const { values } = mapper.map(new Map(Object.entries({ source: 'crm', externalId: '7', name: '远大' })));
    expect(values).toMatchObject({ source: 'crm', externalId: '7', name: '远大', phone: null });
    expect([...mapper.mapped]).toEqual(['source', 'externalId', 'name']);
  });

  test('a column of another name, or one that is missing, stops the import', () => {
    expect(() => ownNames(['source', 'nam'], kind('contacts'))).toThrow(
      /^Without --mapping .*; nam is none; externalId, name is missing\. Accepted: source, externalId, customerNumber, /,
    );
  });

  test('rows that name their columns themselves are told of one that is no field', () => {
    const contacts = kind('contacts');
    const mapper = rowMapper(contacts, ownNames(null, contacts), null, 'UTC');
    const { issues } = mapper.map(
      new Map(Object.entries({ source: 'crm', externalId: '7', name: '李雷', tel: '1' })),
    );
    expect(issues).toEqual([
      {
        column: 'tel',
        value: '1',
        accepted: expect.objectContaining({ en: expect.stringMatching(/^the fields source, /) }),
      },
    ]);
  });
});

describe('Ids that were seen', () => {
  test('a repeated id says where it stood before', () => {
    const seen = new SeenIds();
    expect([seen.add('a', 2), seen.add('b', 3), seen.add('a', 4), seen.add('a', 5)]).toEqual([0, 0, 2, 2]);
  });

  test('a million ids that differ little are told apart', () => {
    const seen = new SeenIds();
    let mistaken = 0;
    for (let id = 0; id < 500_000; id += 1) {
      if (seen.add(`boston-311\0${101000295613 + id}`, id + 1) !== 0) mistaken += 1;
      if (seen.add(`T${id}`, id + 1) !== 0) mistaken += 1;
    }
    expect(mistaken).toBe(0);
    expect(seen.add('T499999', 7)).toBe(500_000);
  });
});
