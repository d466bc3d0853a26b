import type {
  CorrectionRequest,
  CustomerSuggestion,
  DataForm,
  DevelopmentNote,
  FilePaper,
  RelationshipPlan,
} from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder, type Loader } from '../../platform/loaders.ts';
import { columns, empty, raw, type Sql, sql } from '../../platform/sql.ts';
import { customerLevel } from './visibility.ts';

type Named<Row, Name extends string> = Row & {
  readonly __typename: Name;
  /** Of the file that it is part of. */
  readonly fileGrade: 'A' | 'B' | 'C' | 'D' | null;
};

interface FileRecords<Row> {
  readonly byId: Loader<Reader, string, Row | null>;
  readonly fields: Readonly<Record<string, ListField>>;
  readonly list: (reader: Reader) => ListSource;
}

/** Records that are part of a file: read where the file is, by every door. Their alias is `r`. */
function fileRecords<Row extends { readonly id: string }>(record: {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly (keyof Row & string)[];
  readonly fields: Readonly<Record<string, ListField>>;
  /** What its rows have beside their columns. */
  readonly more?: Sql;
  /** Their own order; else by id. */
  readonly order?: NonNullable<ListSource['order']>;
  /** Who else may read them, where they may know of the customer. */
  readonly also?: (reader: Reader) => Sql;
}): FileRecords<Row> {
  const select = sql`${columns('r', record.columns)}, ${record.more ? sql`${record.more},` : empty} c.grade as "fileGrade", ${raw(`'${record.name}'`)} as "__typename"`;
  const from = sql`${raw(record.table)} r join customer c on c.id = r.customer_id`;
  const visible = (reader: Reader) => {
    const level = customerLevel(reader.sees, sql`c`);
    return record.also ? sql`(${level} = 2 or (${level} > 0 and ${record.also(reader)}))` : sql`${level} = 2`;
  };
  const fields = {
    customer: { kind: 'ID', entity: 'Customer', column: sql`r.customer_id`, orderable: false },
    ...record.fields,
  } as const;
  return {
    fields,
    byId: defineLoader(async (reader: Reader, ids) =>
      inOrder(
        ids,
        await reader.query<Row>(sql`
          select ${select} from ${from} where r.id = any(${[...ids]}::uuid[]) and ${visible(reader)}`),
      ),
    ),
    list: (reader) => ({
      from,
      id: sql`r.id`,
      select,
      visible: visible(reader),
      full: visible(reader),
      fields,
      ...(record.order ? { order: record.order } : {}),
    }),
  };
}

export type DevelopmentNoteRow = Named<DevelopmentNote, 'DevelopmentNote'>;

/** By the index development_note(customer_id, information_obtained_at). */
export const developmentNotes = fileRecords<DevelopmentNoteRow>({
  name: 'DevelopmentNote',
  table: 'development_note',
  columns: [
    'id',
    'customerId',
    'topic',
    'content',
    'infoSource',
    'informationObtainedAt',
    'significant',
    'authorId',
    'recordedAt',
  ],
  fields: {
    topic: { kind: 'Enum', enumName: 'DevelopmentTopic', column: sql`r.topic` },
    infoSource: { kind: 'Enum', enumName: 'InfoSource', column: sql`r.info_source` },
    significant: { kind: 'Boolean', column: sql`r.significant`, orderable: false },
    informationObtainedAt: { kind: 'DateTime', column: sql`r.information_obtained_at` },
  },
});

export type SuggestionRow = Named<CustomerSuggestion, 'CustomerSuggestion'>;

/** By the index customer_suggestion(customer_id, offered_at). */
export const suggestions = fileRecords<SuggestionRow>({
  name: 'CustomerSuggestion',
  table: 'customer_suggestion',
  columns: ['id', 'customerId', 'content', 'response', 'offeredAt', 'authorId', 'version'],
  fields: { offeredAt: { kind: 'DateTime', column: sql`r.offered_at` } },
});

export type CorrectionRow = Named<CorrectionRequest, 'CorrectionRequest'>;

/** CUS-09: who asked for a correction follows it up. By the index correction_request(customer_id, due_at). */
export const corrections = fileRecords<CorrectionRow>({
  name: 'CorrectionRequest',
  table: 'correction_request',
  columns: [
    'id',
    'customerId',
    'state',
    'content',
    'dueAt',
    'requestedById',
    'requestedAt',
    'correctedById',
    'correctedAt',
    'correction',
  ],
  fields: {
    state: { kind: 'Enum', enumName: 'CorrectionState', column: sql`r.state` },
    dueAt: { kind: 'DateTime', column: sql`r.due_at` },
  },
  also: ({ sees }) => sql`r.requested_by_id = ${sees.employeeId}`,
});

export type PlanRow = Named<
  Omit<RelationshipPlan, 'startsOn' | 'endsOn'> & { readonly startsOn: string; readonly endsOn: string },
  'RelationshipPlan'
>;

/** By the index relationship_plan(customer_id, ends_on). */
export const relationshipPlans = fileRecords<PlanRow>({
  name: 'RelationshipPlan',
  table:
    '(select id, customer_id, goals, actions, owner_id, starts_on::text, ends_on::text, updated_at, version from relationship_plan)',
  columns: ['id', 'customerId', 'goals', 'actions', 'ownerId', 'startsOn', 'endsOn', 'updatedAt', 'version'],
  fields: {
    owner: { kind: 'ID', entity: 'Employee', column: sql`r.owner_id`, orderable: false },
    updatedAt: { kind: 'DateTime', column: sql`r.updated_at` },
  },
});

export type DataFormRow = Named<DataForm, 'DataForm'>;

/** By the index data_form(customer_id, sent_at). */
export const dataForms = fileRecords<DataFormRow>({
  name: 'DataForm',
  table: 'data_form',
  columns: ['id', 'customerId', 'state', 'sentTo', 'sentAt', 'sentById', 'returnedAt', 'returnedById'],
  fields: {
    state: { kind: 'Enum', enumName: 'DataFormState', column: sql`r.state` },
    sentAt: { kind: 'DateTime', column: sql`r.sent_at` },
  },
});

export type PaperRow = Named<FilePaper, 'FilePaper'> & {
  /** The number of its last page, counted through the file (CUS-13). */
  readonly lastPage: number;
};

/** Of paper `r`, counted through the file in its order. */
export const LAST_PAGE = sql`(
  select sum(q.page_count)::int from file_paper q
  where q.customer_id = r.customer_id
    and (q.set_number, q.role, q.added_at, q.id) <= (r.set_number, r.role, r.added_at, r.id))`;

const ROLE_PLACE = sql`array_position(enum_range(null::"PaperRole"), r.role)`;

/** In the order of the file (CUS-12). By the index file_paper(customer_id, set_number, role, added_at, id). */
export const papers = fileRecords<PaperRow>({
  name: 'FilePaper',
  table: 'file_paper',
  columns: [
    'id',
    'customerId',
    'setNumber',
    'role',
    'kind',
    'title',
    'language',
    'copies',
    'pageCount',
    'addedById',
    'addedAt',
    'archivedById',
    'archivedAt',
  ],
  more: sql`${LAST_PAGE} as "lastPage"`,
  order: [
    { expression: sql`r.set_number`, type: 'int' },
    { expression: ROLE_PLACE, type: 'int' },
    { expression: sql`r.added_at`, type: 'timestamptz' },
  ],
  fields: {
    setNumber: { kind: 'Int', column: sql`r.set_number` },
    role: { kind: 'Enum', enumName: 'PaperRole', column: sql`r.role` },
    kind: { kind: 'Enum', enumName: 'PaperKind', column: sql`r.kind` },
    addedAt: { kind: 'DateTime', column: sql`r.added_at` },
  },
});
