import { recordedRead } from '../customers/rules.ts';
import { contactById, customerById } from '../customers/queries/customers.ts';
import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { globalId, localId } from '../graphql/ids.ts';
import { answering } from '../graphql/lists.ts';
import { contactLogById } from '../key-accounts/queries/contact-logs.ts';
import { articleById } from '../knowledge/queries/articles.ts';
import { invalid } from '../lib/errors.ts';
import { text } from '../lib/text.ts';
import type { Reader } from '../organisation/queries.ts';
import { PAGE_SIZE } from '../platform/list.ts';
import { ticketById } from '../tickets/queries/tickets.ts';
import {
  type Found,
  foundTexts,
  type Hit,
  type Kind,
  KINDS,
  type MATCHES,
  positionOf,
  searchPage,
} from './queries.ts';
import { type SnippetPart, snippetOf, WORD_MOST } from './rules.ts';

const SearchKind = builder.enumType('SearchKind', {
  description: 'What can be found.',
  values: {
    CUSTOMER: {
      description: 'Customers by their file: name, number, contact person, phone, address, needs, trade.',
    },
    CONTACT: {
      description: "Contact persons by name, title, phone and e-mail: part of the customer's file.",
    },
    TICKET: {
      description:
        'Tickets by number, subject, content, caller, shipment number, and by messages that went out or came in.',
    },
    CONTACT_LOG: { description: "Contacts with customers by what was said: part of the customer's file." },
    ARTICLE: { description: 'Articles of the knowledge base by question and answer.' },
  } satisfies Record<Kind, object>,
});

const SearchMatch = builder.enumType('SearchMatch', {
  description: 'How good a find is, the best first.',
  values: {
    EXACT: { description: 'The name, or the number of the ticket, is the text.' },
    PREFIX: { description: 'The name begins with it.' },
    CONTAINS: { description: 'It stands somewhere in the record.' },
    REPLY: { description: 'It stands in a message of the ticket alone.' },
  } satisfies Record<(typeof MATCHES)[number], object>,
});

const SnippetPartType = builder.objectRef<SnippetPart>('SearchSnippetPart').implement({
  description: 'A piece of text; the pieces of a snippet follow each other.',
  fields: (t) => ({
    text: t.exposeString('text', { description: 'Plain text, to be escaped like any other.' }),
    match: t.exposeBoolean('match', { description: 'True for what was searched for: to be highlighted.' }),
  }),
});

interface Snippet {
  readonly field: string;
  readonly parts: readonly SnippetPart[];
}

const SnippetType = builder.objectRef<Snippet>('SearchSnippet').implement({
  description: 'Where the text was found, with some words around it.',
  fields: (t) => ({
    field: t.exposeString('field', {
      description:
        'Name of the field of the record in capitals, such as NAME, CONTENT or BUSINESS_NEEDS; REPLY of a message.',
    }),
    parts: t.field({ type: [SnippetPartType], resolve: ({ parts }) => parts }),
  }),
});

interface HitWithText extends Hit {
  readonly snippet: Snippet | null;
}

const NODES: Readonly<Record<Kind, (read: Reader, id: string) => Promise<unknown>>> = {
  CUSTOMER: (read, id) => customerById.load(read, id),
  CONTACT: (read, id) => contactById.load(read, id),
  TICKET: (read, id) => ticketById.load(read, id),
  CONTACT_LOG: (read, id) => contactLogById.load(read, id),
  ARTICLE: (read, id) => articleById.load(read, id),
};

const HitType = builder.objectRef<HitWithText>('SearchHit').implement({
  description: 'A record that was found.',
  fields: (t) => ({
    id: t.field({
      type: 'ID',
      description: 'Of the hit; the record has its own.',
      resolve: ({ kind, id }) => globalId('SearchHit', `${kind} ${id}`),
    }),
    kind: t.field({ type: SearchKind, resolve: ({ kind }) => kind }),
    match: t.field({ type: SearchMatch, resolve: ({ match }) => match }),
    node: t.field({
      type: builder.nodeInterfaceRef(),
      nullable: true,
      description: 'The record: Customer, Contact, Ticket, ContactLog or KnowledgeArticle.',
      resolve: ({ kind, id }, _args, { read }) => NODES[kind](read, id) as never,
    }),
    snippet: t.field({
      type: SnippetType,
      nullable: true,
      description: 'Null where the text goes over the end of one field into the next.',
      resolve: ({ snippet }) => snippet,
    }),
  }),
});

interface Edge {
  readonly hit: HitWithText;
}

const EdgeType = builder.objectRef<Edge>('SearchEdge').implement({
  fields: (t) => ({
    cursor: t.string({ description: 'For `after`.', resolve: ({ hit }) => positionOf(hit) }),
    node: t.field({ type: HitType, resolve: ({ hit }) => hit }),
  }),
});

interface Connection {
  readonly edges: readonly Edge[];
  readonly hasNextPage: boolean;
}

const ConnectionType = builder.objectRef<Connection>('SearchConnection').implement({
  description: 'A page of finds. How many there are in all is not counted.',
  fields: (t) => ({
    edges: t.field({ type: [EdgeType], resolve: ({ edges }) => edges }),
    hasNextPage: t.exposeBoolean('hasNextPage'),
    endCursor: t.string({
      nullable: true,
      resolve: ({ edges }) => {
        const last = edges.at(-1);
        return last ? positionOf(last.hit) : null;
      },
    }),
  }),
});

builder.queryField('search', (t) =>
  t.field({
    type: ConnectionType,
    description:
      'Finds parts of words in what the viewer may read, in any language (CUS-15): of files only open ones, of tickets only messages that were sent. The best finds first, then kind by kind, the newest first. Ignores upper and lower case, full and half width and how much white space there is.',
    args: {
      text: t.arg.string({
        required: true,
        description: `1 to ${WORD_MOST} characters; a single one is looked for in customers and contacts only.`,
      }),
      kinds: t.arg({ type: [SearchKind], description: 'All without it.' }),
      customerId: t.arg.id({ description: 'Only in the file of this customer, and in its tickets.' }),
      first: t.arg.int({ defaultValue: PAGE_SIZE.default, description: `0 to ${PAGE_SIZE.max}.` }),
      after: t.arg.string({ description: '`endCursor` of the page before, of the same search.' }),
    },
    complexity: ({ first }) => ({ field: 4, multiplier: Math.max(1, first ?? PAGE_SIZE.default) }),
    resolve: (_root, args, context) => answering(context, () => search(args, context)),
  }),
);

interface SearchQuery {
  readonly text: string;
  readonly kinds?: readonly Kind[] | null;
  readonly customerId?: string | number | null;
  readonly first?: number | null;
  readonly after?: string | null;
}

async function search(args: SearchQuery, context: Context): Promise<Connection> {
  const word = args.text.trim();
  const first = args.first ?? PAGE_SIZE.default;
  if (word === '' || word.length > WORD_MOST)
    throw invalid('text', text(`1 to ${WORD_MOST} characters`, `1 到 ${WORD_MOST} 字`));
  if (word.includes('\0'))
    throw invalid('text', text('text without the character NUL', '不含 NUL 字符的文本'));
  if (first < 0 || first > PAGE_SIZE.max)
    throw invalid('first', text(`0 to ${PAGE_SIZE.max}`, `0 到 ${PAGE_SIZE.max}`));
  const customerId = args.customerId == null ? null : localId(String(args.customerId), 'Customer');
  if (args.customerId != null && customerId === null)
    throw invalid('customerId', text('the id of a customer', '客户的 id'));
  const { read } = context;
  const page = await searchPage(read, {
    word,
    kinds: args.kinds ?? KINDS,
    customerId,
    first,
    after: args.after ?? null,
  });
  const texts = await foundTexts(read, word, page.hits);
  recordFilesRead(texts, context);
  const byHit = new Map(texts.map((found) => [`${found.kind} ${found.id}`, found]));
  const edges = page.hits.map((hit) => {
    const { field, text } = byHit.get(`${hit.kind} ${hit.id}`) ?? {};
    return { hit: { ...hit, snippet: field && text ? { field, parts: snippetOf(text, word) } : null } };
  });
  return { edges, hasNextPage: page.hasNextPage };
}

/** What lists show without being recorded: the card's own facts. */
const CARD = ['NAME', 'NUMBER'];

/** Showing a piece of a file is reading it. */
function recordFilesRead(texts: readonly Found[], context: Context): void {
  for (const { kind, customerId: id, fileGrade: grade, field } of texts) {
    if (id === null || (kind === 'CUSTOMER' && (field === null || CARD.includes(field)))) continue;
    const entry = recordedRead(context.read.viewer, { id, grade }, kind === 'CONTACT' ? 'contacts' : 'file');
    if (entry) context.recordRead(entry);
  }
}
