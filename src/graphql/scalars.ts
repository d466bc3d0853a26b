import { GraphQLError } from 'graphql';
import { isDecimal } from '../lib/money.ts';
import { builder } from './builder.ts';

function refuse(type: string, value: unknown, accepted: string): GraphQLError {
  return new GraphQLError(`${JSON.stringify(value)} is no ${type}; accepted: ${accepted}.`, {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}

/** A calendar day that exists: 2026-02-30 is refused, not moved. */
function isDay(value: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const day = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(value);
}

const INSTANT = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(:(\d{2})(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

builder.scalarType('DateTime', {
  description: 'An instant, ISO 8601 with an offset, answered in UTC: 2026-11-23T05:54:29.000Z.',
  serialize: (value) => value.toISOString() as unknown as Date,
  parseValue: (value) => {
    const parts = typeof value === 'string' ? INSTANT.exec(value) : null;
    const instant = parts && isDay(parts[1] ?? '') ? new Date(value as string) : null;
    if (!instant || Number.isNaN(instant.getTime()) || Number(parts?.[2]) > 23) {
      throw refuse('DateTime', value, 'ISO 8601 with an offset, such as 2026-11-23T05:54:29Z');
    }
    return instant;
  },
});

builder.scalarType('Date', {
  description: 'A calendar day, YYYY-MM-DD.',
  serialize: (value) => value,
  parseValue: (value) => {
    if (typeof value === 'string' && isDay(value)) return value;
    throw refuse('Date', value, 'an existing day, YYYY-MM-DD');
  },
});

builder.scalarType('YearMonth', {
  description: 'A calendar month, YYYY-MM.',
  serialize: (value) => value,
  parseValue: (value) => {
    if (typeof value === 'string' && /^\d{4}-(0[1-9]|1[0-2])$/.test(value)) return value;
    throw refuse('YearMonth', value, 'YYYY-MM');
  },
});

builder.scalarType('Decimal', {
  description: 'An exact decimal number as text, such as "1234.50". Never a binary float.',
  serialize: (value) => String(value),
  parseValue: (value) => {
    if (typeof value === 'string' && isDecimal(value)) return value;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
    throw refuse('Decimal', value, 'decimal text such as "1234.50"');
  },
});

builder.scalarType('Duration', {
  description:
    'A span of time, ISO 8601: PT30M, PT2H, P1D. A day of a limit is a business day of its calendar.',
  serialize: (value) => value,
  parseValue: (value) => {
    if (typeof value === 'string' && /^P(?=\d|T\d)(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?$/.test(value))
      return value;
    throw refuse('Duration', value, 'ISO 8601 such as PT2H or P1D');
  },
});

builder.scalarType('Cursor', {
  description: 'A place in the stream of live events. Opaque; keep the last one seen to resume after it.',
  serialize: (value) => value,
  parseValue: (value) => {
    if (typeof value === 'string') return value;
    throw refuse('Cursor', value, 'a cursor that a live feed has sent');
  },
});

builder.scalarType('JSON', {
  description: 'Any JSON value.',
  serialize: (value) => value,
});

builder.objectType('Money', {
  description: 'An exact amount of money in one currency.',
  fields: (t) => ({
    amount: t.field({
      type: 'Decimal',
      description: 'Exact, two places.',
      resolve: (money) => money.amount,
    }),
    currency: t.exposeString('currency', { description: 'ISO 4217 code.' }),
  }),
});
