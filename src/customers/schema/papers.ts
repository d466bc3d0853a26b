import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { nodeIdOf } from '../../graphql/ids.ts';
import { listTypes, nestedList, rootList } from '../../graphql/lists.ts';
import { mutation } from '../../graphql/mutation.ts';
import { nodeBy } from '../../graphql/node.ts';
import { sql } from '../../platform/sql.ts';
import { filePaperAdd, filePaperRemove, filePapersArchive } from '../commands/papers.ts';
import { customerById } from '../queries/customers.ts';
import { type PaperRow, papers } from '../queries/file-records.ts';
import { recordedRead } from '../rules.ts';
import { type PaperPage, pagesOf } from '../rules/papers.ts';
import { customerAnswer } from './shared.ts';

/** Reads of what belongs to a grade A file are noted (CUS-17). */
function recordReads(rows: readonly PaperRow[], context: Context): void {
  for (const { customerId, fileGrade } of rows) {
    const read = recordedRead(context.read.viewer, { id: customerId, grade: fileGrade }, 'file');
    if (read) context.recordRead(read);
  }
}

const PageType = builder.objectRef<PaperPage>('PaperPage').implement({
  description: 'A page as it is numbered in a bound volume (CUS-13).',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'Counted through the whole file.' }),
    side: t.field({
      type: builder.enumType('LeafSide', { values: ['FRONT', 'BACK'] as const, description: 'Of the leaf.' }),
      resolve: (page) => page.side,
    }),
    position: t.field({
      type: builder.enumType('PageNumberPosition', {
        values: ['TOP_RIGHT', 'TOP_LEFT'] as const,
        description: 'Where the number stands: on the front top right, on the back top left.',
      }),
      resolve: (page) => page.position,
    }),
  }),
});

const PaperType = builder.objectRef<PaperRow>('FilePaper').implement({
  description:
    'A paper in the file of a customer (CUS-10..13). Papers that belong together are one set; the file is in the order of its sets, each in the order of the roles. Part of the file.',
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'As the viewer may see it.',
      resolve: (row, _args, { read }) => customerById.load(read, row.customerId),
    }),
    setNumber: t.exposeInt('setNumber', { description: 'Of its set within the file, from 1.' }),
    role: t.field({ type: ENUMS.PaperRole, resolve: (row) => row.role }),
    kind: t.field({ type: ENUMS.PaperKind, resolve: (row) => row.kind }),
    title: t.exposeString('title'),
    language: t.exposeString('language', {
      nullable: true,
      description: 'Of a text that is there in several.',
    }),
    copies: t.exposeInt('copies'),
    pageCount: t.exposeInt('pageCount', { description: 'Of one copy.' }),
    firstPage: t.int({
      description: 'Its number, counted through the file in file order (CUS-13).',
      resolve: (row) => row.lastPage - row.pageCount + 1,
    }),
    lastPage: t.exposeInt('lastPage'),
    pages: t.field({
      type: [PageType],
      description: 'Each page with its number and where that stands, for printing.',
      complexity: { multiplier: 20 },
      resolve: (row) => pagesOf(row),
    }),
    addedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.addedById) ?? null,
    }),
    addedAt: t.field({ type: 'DateTime', resolve: (row) => row.addedAt }),
    archivedBy: t.field({
      type: 'Employee',
      nullable: true,
      resolve: (row, _args, { read }) => read.organisation.employees.get(row.archivedById ?? '') ?? null,
    }),
    archivedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'From then on it stays as it is.',
      resolve: (row) => row.archivedAt,
    }),
  }),
});
nodeBy(PaperType, papers.byId, recordReads);

const PAPER_LIST = listTypes<PaperRow>('FilePaper', PaperType, papers.fields);
rootList('filePapers', PAPER_LIST, {
  description: 'Papers of the files that the viewer reads, by set and role.',
  source: papers.list,
  onRead: recordReads,
});
nestedList('Customer', 'papers', PAPER_LIST, {
  description: 'Papers of the file in its order (CUS-12), where the viewer reads it.',
  source: papers.list,
  parent: sql`r.customer_id = parent.id`,
  onRead: recordReads,
});

mutation('filePaperAdd', {
  description: 'Adds a paper to a file (CUS-10, CUS-11). For who may write the file.',
  errors: ['IdempotencyConflict'],
  input: (t) => ({
    customerId: t.id({ required: true, ...nodeIdOf('Customer') }),
    setNumber: t.int({ description: 'The set that it belongs to; a new one without it.' }),
    role: t.field({ type: ENUMS.PaperRole, required: true, description: 'What it is in its set.' }),
    kind: t.field({ type: ENUMS.PaperKind, required: true }),
    title: t.string({ required: true }),
    language: t.string({ description: 'Of a text that is there in several.' }),
    copies: t.int({ required: true, description: '1 to 100.' }),
    pageCount: t.int({ required: true, description: 'Pages of one copy, 1 to 2,000.' }),
    idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
  }),
  run: (tx, viewer, input) => filePaperAdd(tx, viewer, input),
  success: (t) => ({
    paper: t.field({
      type: PaperType,
      nullable: true,
      resolve: (done, _args, { read }) => papers.byId.load(read, done.paperId),
    }),
  }),
});

mutation('filePaperRemove', {
  description: 'Takes a paper that is not archived out of a file. For who may write the file.',
  errors: ['IllegalTransition'],
  input: (t) => ({ paperId: t.id({ required: true, ...nodeIdOf('FilePaper') }) }),
  run: (tx, viewer, input) => filePaperRemove(tx, viewer, input),
  success: customerAnswer,
});

mutation('filePapersArchive', {
  description:
    'Archives the papers of a file (CUS-10); refused while a kind of `file.requiredPapers` is missing. For who may write the file.',
  input: (t) => ({ customerId: t.id({ required: true, ...nodeIdOf('Customer') }) }),
  run: (tx, viewer, input) => filePapersArchive(tx, viewer, input),
  success: customerAnswer,
});
