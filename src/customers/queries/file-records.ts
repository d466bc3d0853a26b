import type {
  CorrectionRequest,
  CustomerSuggestion,
  DataForm,
  DevelopmentNote,
  RelationshipPlan,
} from '../../generated/prisma/client.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { ListField, ListSource } from '../../platform/list.ts';
import { defineLoader, inOrder, type Loader } from '../../platform/loaders.ts';
import { columns, raw, type Sql, sql } from '../../platform/sql.ts';
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
  /** Who else may read them, where they may know of the customer. */
  readonly also?: (reader: Reader) => Sql;
}): FileRecords<Row> {
  const select = sql`${columns('r', record.columns)}, c.grade as "fileGrade", ${raw(`'${record.name}'`)} as "__typename"`;
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
