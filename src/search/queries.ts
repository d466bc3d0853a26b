import { customerReadable, customersReadableAmong } from '../customers/queries/visibility.ts';
import type { CustomerGrade } from '../generated/prisma/enums.ts';
import { contactLogsReadable } from '../key-accounts/queries/visibility.ts';
import { articleReadable } from '../knowledge/queries/visibility.ts';
import { invalid } from '../lib/errors.ts';
import { isUuid } from '../lib/ids.ts';
import { text } from '../lib/text.ts';
import type { Reader } from '../organisation/queries.ts';
import { contains } from '../platform/search.ts';
import { all, join, raw, type Sql, sql } from '../platform/sql.ts';
import { ticketReadable } from '../tickets/queries/visibility.ts';

/** What can be found, in the order in which equally good finds stand. */
export const KINDS = ['CUSTOMER', 'CONTACT', 'TICKET', 'CONTACT_LOG', 'ARTICLE'] as const;
export type Kind = (typeof KINDS)[number];

/** How good a find is, the best first. */
export const MATCHES = ['EXACT', 'PREFIX', 'CONTAINS', 'REPLY'] as const;
export type Match = (typeof MATCHES)[number];

export interface Hit {
  readonly kind: Kind;
  readonly match: Match;
  readonly id: string;
  /** What it is ordered by among its like: its own id, or that of the message that was found. */
  readonly key: string;
}

export interface SearchArguments {
  readonly word: string;
  readonly kinds: readonly Kind[];
  /** Only in the file of this customer and its tickets. */
  readonly customerId: string | null;
  readonly first: number;
  readonly after: string | null;
}

/** What a single character finds: a surname, the word of a company. */
const BY_ONE_CHARACTER: readonly Kind[] = ['CUSTOMER', 'CONTACT'];

/** Columns of a file that are searched, beside its name; billing has rights of its own. Index customer_file_grams_idx. */
const FILE = {
  NAME: sql`c.name`,
  NUMBER: sql`c.number`,
  CONTACT_PERSON: sql`c.contact_person`,
  PHONE: sql`c.phone`,
  ADDRESS: sql`c.address`,
  BUSINESS_NEEDS: sql`c.business_needs`,
  REGISTRATION_NUMBER: sql`c.registration_number`,
  FAX: sql`c.fax`,
  EMAIL: sql`c.email`,
  WEBSITE: sql`c.website`,
  SCOPE_OF_BUSINESS: sql`c.scope_of_business`,
  MAIN_PRODUCTS: sql`c.main_products`,
  INDUSTRY_POSITION: sql`c.industry_position`,
} as const;

/** Index contact_grams_idx. */
const CONTACT = {
  NAME: sql`p.name`,
  TITLE: sql`p.title`,
  PHONE: sql`p.phone`,
  MOBILE: sql`p.mobile`,
  EMAIL: sql`p.email`,
} as const;

/** Index ticket_grams_idx. */
const TICKET = {
  NUMBER: sql`t.number`,
  SUBJECT: sql`t.subject`,
  CONTENT: sql`t.content`,
  CALLER_NAME: sql`t.caller_name`,
  CALLER_PHONE: sql`t.caller_phone`,
  SHIPMENT_NUMBER: sql`t.shipment_number`,
} as const;

/** Index knowledge_article_text_grams_idx. */
const ARTICLE = { QUESTION: sql`k.question`, ANSWER: sql`k.answer` } as const;

/** The texts of a row in one, as its index has them: the first is never null, the others with a blank before. */
function whole(fields: Readonly<Record<string, Sql>>, needed: number): Sql {
  const columns = Object.values(fields).map((column, place) =>
    place === 0 ? column : place < needed ? sql`' ' || ${column}` : sql`coalesce(' ' || ${column}, '')`,
  );
  return sql`(${join(columns, ' || ')})`;
}

/** A text as the indexes over beginnings have it: not longer than a word that is searched for. */
function beginning(column: Sql): Sql {
  return sql`(left(search_text(${column}), 200) collate "C")`;
}

/** Part of the search: rows of one kind that are found in one way. `match` is the place of a Match. */
interface Part {
  readonly kind: Kind;
  readonly matches: readonly Match[];
  readonly match: Sql;
  readonly id: Sql;
  /** The id where it is not another. */
  readonly key?: Sql;
  readonly from: Sql;
  readonly where: readonly Sql[];
}

function place(match: Match): number {
  return MATCHES.indexOf(match);
}

function only(match: Match): Pick<Part, 'match' | 'matches'> {
  return { matches: [match], match: raw(String(place(match))) };
}

function partsOf(reader: Reader, { word, kinds, customerId }: SearchArguments): Part[] {
  const { sees } = reader;
  const wanted = sql`search_text(${word}::text)`;
  const begins = (column: Sql) =>
    sql`(${beginning(column)} >= ${wanted} and ${beginning(column)} < ${wanted} || chr(1114111))`;
  const exactOrPrefix = (column: Sql): Pick<Part, 'match' | 'matches'> => ({
    matches: ['EXACT', 'PREFIX'],
    match: sql`(case when ${beginning(column)} = ${wanted} then 0 else 1 end)`,
  });
  const holds = (column: Sql) => contains(column, word, true);
  const ofCustomer = (column: Sql) => (customerId === null ? [] : [sql`${column} = ${customerId}::uuid`]);
  const among = customersReadableAmong(sees);
  const openFiles = [
    customerReadable(sees, sql`c`),
    ...(among ? [sql`c.id = any(array(${among}))`] : []),
    ...ofCustomer(sql`c.id`),
  ];
  const customers = { kind: 'CUSTOMER', id: sql`c.id`, from: sql`customer c` } as const;
  const contacts = {
    kind: 'CONTACT',
    id: sql`p.id`,
    from: sql`contact p join customer c on c.id = p.customer_id`,
  } as const;
  const tickets = { kind: 'TICKET', id: sql`t.id`, from: sql`ticket t` } as const;
  const openTickets = [ticketReadable(sees, sql`t`), ...ofCustomer(sql`t.customer_id`)];
  const thisTicket = sql`t.number = upper(${word}::text)`;
  const ticketText = whole(TICKET, 3);
  const parts: Part[] = [
    { ...customers, ...exactOrPrefix(FILE.NAME), where: [begins(FILE.NAME), ...openFiles] },
    {
      ...customers,
      ...only('CONTAINS'),
      where: [holds(whole(FILE, 2)), sql`not ${begins(FILE.NAME)}`, ...openFiles],
    },
    {
      // What a duplicate was called that was merged into it, by the index customer_merge_grams_idx.
      ...customers,
      ...only('CONTAINS'),
      where: [
        sql`c.id in (select m.survivor_id from customer_merge m where ${holds(sql`(m.number || ' ' || m.name)`)})`,
        sql`not ${contains(whole(FILE, 2), word, false)}`,
        sql`not ${begins(FILE.NAME)}`,
        ...openFiles,
      ],
    },
    { ...contacts, ...exactOrPrefix(CONTACT.NAME), where: [begins(CONTACT.NAME), ...openFiles] },
    {
      ...contacts,
      ...only('CONTAINS'),
      where: [holds(whole(CONTACT, 1)), sql`not ${begins(CONTACT.NAME)}`, ...openFiles],
    },
    // By the unique index over numbers, which are in capitals.
    { ...tickets, ...only('EXACT'), where: [thisTicket, ...openTickets] },
    { ...tickets, ...only('CONTAINS'), where: [holds(ticketText), sql`not ${thisTicket}`, ...openTickets] },
    {
      kind: 'TICKET',
      ...only('REPLY'),
      id: sql`t.id`,
      key: sql`r.id`,
      from: sql`ticket_reply r join ticket t on t.id = r.ticket_id`,
      where: [
        // Only what went out or came in, of each ticket the last; by the index ticket_reply_grams_idx.
        sql`r.state = 'SENT'`,
        holds(sql`r.body`),
        sql`not exists (
          select 1 from ticket_reply n
          where n.ticket_id = r.ticket_id and n.id > r.id and n.state = 'SENT' and ${contains(sql`n.body`, word, false)})`,
        sql`not ${contains(ticketText, word, false)}`,
        ...openTickets,
      ],
    },
    {
      kind: 'CONTACT_LOG',
      ...only('CONTAINS'),
      id: sql`l.id`,
      from: sql`contact_log l join customer c on c.id = l.customer_id`,
      where: [holds(sql`l.content`), contactLogsReadable(sees, sql`c`), ...ofCustomer(sql`c.id`)],
    },
    {
      kind: 'ARTICLE',
      ...only('CONTAINS'),
      id: sql`k.id`,
      from: sql`knowledge_article k`,
      where: [
        holds(whole(ARTICLE, 2)),
        articleReadable(sees, sql`k`),
        ...(customerId === null ? [] : [sql`false`]),
      ],
    },
  ];
  // One character is asked for of names; in longer texts it says nothing and is dear to find.
  const single = [...word.normalize('NFKC')].length < 2;
  return parts.filter(({ kind }) => kinds.includes(kind) && (!single || BY_ONE_CHARACTER.includes(kind)));
}

/** Where a page ended: how good the last find was, of what kind, and its key. */
type Position = readonly [match: number, kind: number, key: string];

/**
 * The best finds first, then kind by kind, the newest first: one statement in which each part reads as many rows as a page
 * has at most, by its own index. Messages come last and have a statement of their own, for pages that are not full.
 */
export async function searchPage(
  reader: Reader,
  asked: SearchArguments,
): Promise<{ hits: Hit[]; hasNextPage: boolean }> {
  const after = asked.after === null ? null : readPosition(asked.after);
  const [replies, others] = [true, false].map((isReply) =>
    partsOf(reader, asked).filter(({ matches }) => matches.includes('REPLY') === isReply),
  ) as [Part[], Part[]];
  const hits = await readParts(reader, others, after, asked.first + 1);
  const missing = asked.first + 1 - hits.length;
  if (missing > 0) hits.push(...(await readParts(reader, replies, after, missing)));
  return { hits: hits.slice(0, asked.first), hasNextPage: hits.length > asked.first };
}

async function readParts(
  reader: Reader,
  parts: readonly Part[],
  after: Position | null,
  most: number,
): Promise<Hit[]> {
  const limit = sql`limit ${most}::int`;
  const statements = parts.flatMap((part) => {
    const past = after ? beyond(part, after) : sql`true`;
    if (past === null) return [];
    const key = part.key ?? part.id;
    return [
      sql`(select ${part.match} as match, ${KINDS.indexOf(part.kind)}::int as kind, ${part.id} as id, ${key} as key
        from ${part.from} where ${all([...part.where, past])}
        order by ${part.matches.length > 1 ? sql`${part.match}, ` : sql``}${key} desc ${limit})`,
    ];
  });
  if (statements.length === 0) return [];
  const rows = await reader.query<{ match: number; kind: number; id: string; key: string }>(sql`
    select match, kind, id, key from (${join(statements, ' union all ')}) hit
    order by match, kind, key desc ${limit}`);
  return rows.map(({ match, kind, id, key }) => ({
    kind: KINDS[kind] as Kind,
    match: MATCHES[match] as Match,
    id,
    key,
  }));
}

/** The rows of a part that stand after a position; null where none can. */
function beyond(part: Part, [match, kind, key]: Position): Sql | null {
  const own = KINDS.indexOf(part.kind);
  const last = place(part.matches.at(-1) ?? 'REPLY');
  if (last < match || (last === match && own < kind)) return null;
  const tied = own > kind ? sql`true` : own < kind ? sql`false` : sql`${part.key ?? part.id} < ${key}::uuid`;
  return sql`(${part.match} > ${match}::int or (${part.match} = ${match}::int and ${tied}))`;
}

export function positionOf({ kind, match, key }: Hit): string {
  return Buffer.from(JSON.stringify([place(match), KINDS.indexOf(kind), key])).toString('base64url');
}

function readPosition(cursor: string): Position {
  try {
    const [match, kind, key, ...more]: unknown[] = JSON.parse(
      Buffer.from(cursor, 'base64url').toString('utf8'),
    );
    if (
      MATCHES[match as number] !== undefined &&
      KINDS[kind as number] !== undefined &&
      typeof key === 'string' &&
      isUuid(key) &&
      more.length === 0
    )
      return [match as number, kind as number, key];
  } catch {
    // Not a cursor of ours: answered below.
  }
  throw invalid('after', text('a cursor of this search', '本次搜索的游标'));
}

/** The text in which a find was made, and the file that it is part of. */
export interface Found {
  readonly kind: Kind;
  readonly id: string;
  readonly field: string | null;
  readonly text: string | null;
  readonly customerId: string | null;
  readonly fileGrade: CustomerGrade | null;
}

/** The first text of each find that holds the word; who asks may read the finds. */
export async function foundTexts(reader: Reader, word: string, hits: readonly Hit[]): Promise<Found[]> {
  const idsOf = (kind: Kind) => sql`${hits.filter((hit) => hit.kind === kind).map(({ id }) => id)}::uuid[]`;
  const first = (fields: Readonly<Record<string, Sql>>, more: Sql = sql``) => sql`
    left join lateral (
      select field, text from (
        values ${join(Object.entries(fields).map(([field, column], index) => sql`(${index}::int, ${field}::text, ${column})`))}
        ${more}) texts(place, field, text)
      where position(search_text(${word}::text) in search_text(text)) > 0
      order by place limit 1) found on true`;
  const file = sql`c.id as "customerId", c.grade as "fileGrade"`;
  const none = sql`null::uuid, null::"CustomerGrade"`;
  const statements: Readonly<Record<Kind, Sql>> = {
    CUSTOMER: sql`
      select 'CUSTOMER' as kind, c.id, field, text, ${file} from customer c ${first(FILE)}
      where c.id = any(${idsOf('CUSTOMER')})`,
    CONTACT: sql`
      select 'CONTACT' as kind, p.id, field, text, ${file}
      from contact p join customer c on c.id = p.customer_id ${first(CONTACT)}
      where p.id = any(${idsOf('CONTACT')})`,
    TICKET: sql`
      select 'TICKET' as kind, t.id, field, text, ${none} from ticket t ${first(
        TICKET,
        sql`union all (
          select 100, 'REPLY', r.body from ticket_reply r
          where r.ticket_id = t.id and r.state = 'SENT' order by r.at desc)`,
      )}
      where t.id = any(${idsOf('TICKET')})`,
    CONTACT_LOG: sql`
      select 'CONTACT_LOG' as kind, l.id, field, text, ${file}
      from contact_log l join customer c on c.id = l.customer_id ${first({ CONTENT: sql`l.content` })}
      where l.id = any(${idsOf('CONTACT_LOG')})`,
    ARTICLE: sql`
      select 'ARTICLE' as kind, k.id, field, text, ${none} from knowledge_article k ${first(ARTICLE)}
      where k.id = any(${idsOf('ARTICLE')})`,
  };
  const kinds = KINDS.filter((kind) => hits.some((hit) => hit.kind === kind));
  if (kinds.length === 0) return [];
  return reader.query<Found>(
    join(
      kinds.map((kind) => sql`(${statements[kind]})`),
      ' union all ',
    ),
  );
}
