import { describe, expect, test } from 'vitest';
import { type Records, type TextFormat as Format, readRecords } from '../../src/import/records.ts';
import { ImportStopped } from '../../src/import/stopped.ts';
import { checkEncoding, type Encoding, readLines } from '../../src/import/text-file.ts';
import { fileOf } from './kit.ts';

const { from } = Buffer;

function utf16(text: string): Buffer {
  return from(text, 'utf16le');
}

/** 客户 in GB18030. */
const CUSTOMER_GB = [0xbf, 0xcd, 0xbb, 0xa7];

async function textOf(content: string | Uint8Array, encoding: Encoding = 'utf-8'): Promise<string> {
  return (await Array.fromAsync(readLines(fileOf('text', content), encoding))).join('');
}

describe('A file is text in the encoding that was named', () => {
  const cases: [string, Uint8Array | string, Encoding, string][] = [
    ['UTF-8', 'name\n客户\n', 'utf-8', 'name\n客户\n'],
    ['UTF-8 with a mark', '\ufeffname\n客户\n', 'utf-8', 'name\n客户\n'],
    ['line ends of Windows', 'a\r\nb\r\n', 'utf-8', 'a\nb\n'],
    ['line ends of old Macs', 'a\rb\r', 'utf-8', 'a\nb\n'],
    ['line ends of all kinds', 'a\r\nb\nc\rd', 'utf-8', 'a\nb\nc\nd'],
    ['GB18030', from([0x61, 0x0a, ...CUSTOMER_GB, 0x0d, 0x0a]), 'gb18030', 'a\n客户\n'],
    ['UTF-16', utf16('a\r\n客户\n'), 'utf-16le', 'a\n客户\n'],
    ['UTF-16 with a mark', utf16('\ufeffa\n'), 'utf-16le', 'a\n'],
    [
      'characters of UTF-16 that have the byte of a line end',
      utf16('ਊ\u0a00\u000a上\n'),
      'utf-16le',
      'ਊ\u0a00\n上\n',
    ],
    ['Latin 1 as western office programs write it', from([0xe9, 0x80, 0x0a]), 'latin1', 'é€\n'],
    ['nothing', '', 'utf-8', ''],
  ];
  test.each(cases)('%s', async (_what, bytes, encoding, expected) => {
    expect(await textOf(bytes, encoding)).toBe(expected);
  });

  test('blocks of a large file join without a seam, whatever ends its lines', async () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const lines = Array.from({ length: 40_000 }, (_, index) => `${index} 客户`);
      expect(await textOf(lines.join(end))).toBe(lines.join('\n'));
    }
  });

  test('a line end that two reads of the file share is one', async () => {
    for (const length of [256 * 1024 - 2, 256 * 1024 - 1, 256 * 1024]) {
      const line = 'x'.repeat(length);
      expect((await textOf(`${line}\r\n${line}\r\n`)) === `${line}\n${line}\n`).toBe(true);
    }
  });

  const wrong: [string, Uint8Array | string, Encoding, RegExp][] = [
    [
      'GBK taken for UTF-8',
      from([0x61, 0x0a, 0x62, 0x0a, ...CUSTOMER_GB, 0x0a]),
      'utf-8',
      /^Line 3 .* is not in utf-8\. .*--encoding gb18030\|utf-16le\|latin1/,
    ],
    ['a character that the end of the file cuts off', from([0x61, 0x0a, 0xe5, 0xae]), 'utf-8', /^Line 2 /],
    [
      'UTF-16 with a mark',
      utf16('\ufeffa\n'),
      'utf-8',
      /^Line 1 .* mark of utf-16le.*use --encoding utf-16le/,
    ],
    ['UTF-16 without a mark', utf16('a\nb\n'), 'utf-8', /^Line 1 .* NUL .*--encoding utf-16le/],
    [
      'UTF-16 the other way round',
      from([0xfe, 0xff, 0, 0x61]),
      'utf-8',
      /^Line 1 .* utf-16be.*save it as UTF-8/,
    ],
    ['UTF-8 taken for Latin 1', '\ufeffa\n', 'latin1', /^Line 1 .* mark of utf-8.*leave --encoding out/],
    [
      'half a character of UTF-16',
      Buffer.concat([utf16('a\nb\n'), from([0, 0xd8, 0x0a, 0])]),
      'utf-16le',
      /^Line 3 /,
    ],
    ['half a character of GB18030', from([0x61, 0x0d, 0x0a, 0xbf, 0x0a]), 'gb18030', /^Line 2 /],
  ];
  test.each(wrong)('%s stops with the line', async (_what, bytes, encoding, message) => {
    const stopped = checkEncoding(fileOf('wrong', bytes), encoding);
    await expect(stopped).rejects.toThrow(message);
    await expect(stopped).rejects.toBeInstanceOf(ImportStopped);
  });

  test('the line is counted through the whole file', async () => {
    const good = 'a line that is good\r\n'.repeat(60_000);
    const bytes = Buffer.concat([from(good), from(CUSTOMER_GB), from('\r\n'), from(good)]);
    await expect(checkEncoding(fileOf('long', bytes), 'utf-8')).rejects.toThrow(/^Line 60001 /);
  });
});

async function records(content: string, format: Format, delimiter = ','): Promise<Records> {
  return readRecords(readLines(fileOf('records', content), 'utf-8'), { format, delimiter });
}

/** `line {cells}` of a row, `line value` of one that is broken. */
async function rowsOf(content: string, format: Format = 'csv', delimiter = ','): Promise<string[]> {
  const { rows } = await records(content, format, delimiter);
  return (await Array.fromAsync(rows)).map((row) =>
    'cells' in row
      ? `${row.line} ${JSON.stringify(Object.fromEntries(row.cells))}`
      : `${row.line} broken ${row.value}`,
  );
}

describe('CSV', () => {
  test('a row says on which line it begins', async () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const content = ['id,note', '1,"two', 'lines"', '', '2,b', '   ', ',', '3,"q""uote, comma"', '4,'].join(
        end,
      );
      expect(await rowsOf(content)).toEqual([
        '2 {"id":"1","note":"two\\nlines"}',
        '5 {"id":"2","note":"b"}',
        '8 {"id":"3","note":"q\\"uote, comma"}',
        '9 {"id":"4","note":""}',
      ]);
    }
  });

  test('a quote inside of a cell is a character', async () => {
    expect(await rowsOf('id,note\n1,5" pipe\n2,b\n')).toEqual([
      '2 {"id":"1","note":"5\\" pipe"}',
      '3 {"id":"2","note":"b"}',
    ]);
  });

  test('a row with fewer or more cells than the header is broken, blank cells beyond it are not', async () => {
    expect(await rowsOf('id,note\n1\n2,b,c\n3,c,,\n')).toEqual([
      '2 broken 1',
      '3 broken 2,b,c',
      '4 {"id":"3","note":"c"}',
    ]);
  });

  test('another delimiter, and columns without a name', async () => {
    expect(await rowsOf('id;;note\n1;x;y\n', 'csv', ';')).toEqual(['2 {"id":"1","note":"y"}']);
  });

  test('a quote that is never closed stops with its line', async () => {
    await expect(rowsOf('id,note\n1,a\n2,"b\n3,c\n')).rejects.toThrow(
      /^A quote in line 3, or in a line after it, is not closed/,
    );
  });

  test('a file without a header, or with a name twice, stops', async () => {
    await expect(records('', 'csv')).rejects.toThrow(/^The file is empty\. Accepted: a first line/);
    await expect(records('id,id \n', 'csv')).rejects.toThrow(/^Column "id" stands twice/);
  });
});

describe('JSON', () => {
  test('a list of objects, each with the line that it begins on', async () => {
    const content =
      '[\n  {"id": "1", "note": "a, [b] {c} \\"d\\""},\n\n  {\n "id": 2\n}, {"id":null, "ok": true}\n]\n';
    expect(await rowsOf(content, 'json')).toEqual([
      '2 {"id":"1","note":"a, [b] {c} \\"d\\""}',
      '4 {"id":"2"}',
      '6 {"id":"","ok":"true"}',
    ]);
  });

  test('numbers keep every digit; objects become dotted columns, lists stay JSON', async () => {
    const content = '[{"id": 12345678901234567890, "amount": 10.10, "a": {"b": {"c": 1}}, "list": [1, "x"]}]';
    expect(await rowsOf(content, 'json')).toEqual([
      '1 {"id":"12345678901234567890","amount":"10.10","a.b.c":"1","list":"[\\"1\\",\\"x\\"]"}',
    ]);
  });

  test('an element that is no object is broken; the others are read', async () => {
    expect(await rowsOf('[{"id":1}, 2, {"id" 3}, [4], {"id":5}]', 'json')).toEqual([
      '1 {"id":"1"}',
      '1 broken 2',
      '1 broken {"id" 3}',
      '1 broken [4]',
      '1 {"id":"5"}',
    ]);
  });

  test.each(['{"rows": []}', '', '[{"id":1}', '[{"id":1}] more', 'null'])(
    '%j is no list',
    async (content) => {
      await expect(rowsOf(content, 'json')).rejects.toThrow(
        /is no list of objects\. Accepted: \[\{…\}, \{…\}\] as \.json/,
      );
    },
  );

  test('a list longer than a block is taken apart', async () => {
    const rows = Array.from({ length: 20_000 }, (_, id) => ({
      id: String(id),
      note: 'note "quoted" \\ text',
    }));
    const { rows: read } = await records(JSON.stringify(rows), 'json');
    const ids = (await Array.fromAsync(read)).map((row) => ('cells' in row ? row.cells.get('id') : 'broken'));
    expect(ids).toEqual(rows.map(({ id }) => id));
  });

  test('one object per line', async () => {
    expect(await rowsOf('{"id":1}\r\n\r\n{"id":2,}\r\n{"id":3}', 'ndjson')).toEqual([
      '1 {"id":"1"}',
      '3 broken {"id":2,}',
      '4 {"id":"3"}',
    ]);
  });
});
