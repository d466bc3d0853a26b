import type { FieldMap, InputFieldMap } from '@pothos/core';
import { contactById } from '../../customers/queries/customers.ts';
import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { ENUMS, type EnumName } from '../../graphql/enums.ts';
import { nodeIdOf } from '../../graphql/ids.ts';
import { listTypes, nestedList, rootList } from '../../graphql/lists.ts';
import { type InputFields, mutation, type SuccessFields } from '../../graphql/mutation.ts';
import { nodeBy } from '../../graphql/node.ts';
import { money } from '../../graphql/shared-types.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import type { Reader } from '../../organisation/queries.ts';
import type { Command } from '../../platform/command.ts';
import type { Loader } from '../../platform/loaders.ts';
import { sql } from '../../platform/sql.ts';
import { recordCreate, type RecordInput, type Recording } from '../commands/records.ts';
import { keyAccountById } from '../queries/key-accounts.ts';
import { recordById, recordFields, recordList, type RecordRow, rowName } from '../queries/records.ts';
import type { RecordField, RecordSpec } from '../rules/records.ts';

// biome-ignore lint/suspicious/noExplicitAny: the fields of a kind are data, and so are their types.
type Anything = any;

function outputField(t: Anything, name: string, field: RecordField) {
  const { kind, description, given } = field;
  const key = rowName(name, field);
  const value = (row: RecordRow) => row[key];
  const common = { description, nullable: given !== 'NEEDED' };
  switch (kind) {
    case 'EMPLOYEE':
      return t.field({
        ...common,
        nullable: true,
        type: 'Employee',
        resolve: (row: RecordRow, _args: unknown, { read }: Context) =>
          read.organisation.employees.get(String(value(row))) ?? null,
      });
    case 'CONTACT':
      return t.field({
        type: 'Contact',
        nullable: true,
        description: `${description} Null where the viewer may not read the file.`,
        resolve: (row: RecordRow, _args: unknown, { read }: Context) =>
          value(row) === null ? null : contactById.load(read, String(value(row))),
      });
    case 'DEPARTMENT':
      return t.field({
        ...common,
        nullable: true,
        type: 'Department',
        resolve: (row: RecordRow, _args: unknown, { read }: Context) =>
          read.organisation.departments.get(String(value(row))) ?? null,
      });
    case 'MONEY':
      return t.field({
        ...common,
        type: 'Money',
        resolve: (row: RecordRow, _args: unknown, context: Context) =>
          money(value(row) as string | null, context),
      });
    case 'ENUM':
      return t.field({ ...common, type: ENUMS[field.enumName as EnumName], resolve: value });
    case 'TEXTS':
      return t.stringList({ ...common, resolve: value });
    default:
      return t.field({ ...common, type: SCALARS[kind], resolve: value });
  }
}

const SCALARS = {
  TEXT: 'String',
  INT: 'Int',
  BOOLEAN: 'Boolean',
  INSTANT: 'DateTime',
  DAY: 'Date',
  DECIMAL: 'Decimal',
} as const;

function inputField(t: Anything, { kind, description, given, enumName }: RecordField) {
  const common = { description, required: given === 'NEEDED' };
  switch (kind) {
    case 'EMPLOYEE':
      return t.id({ ...common, ...nodeIdOf('Employee') });
    case 'CONTACT':
      return t.id({ ...common, ...nodeIdOf('Contact') });
    case 'DEPARTMENT':
      return t.id({ ...common, ...nodeIdOf('Department') });
    case 'ENUM':
      return t.field({ ...common, type: ENUMS[enumName as EnumName] });
    case 'MONEY':
      return t.field({ ...common, type: 'Decimal' });
    case 'TEXTS':
      return t.stringList(common);
    default:
      return t.field({ ...common, type: SCALARS[kind] });
  }
}

/** The given fields of a kind of record as input. */
function givenInputs(t: InputFields, spec: RecordSpec): InputFieldMap {
  return Object.fromEntries(
    Object.entries(spec.fields).flatMap(([name, field]) =>
      field.given ? [[name, inputField(t, field)]] : [],
    ),
  );
}

export interface RecordType {
  readonly spec: RecordSpec;
  readonly ref: ReturnType<typeof builder.objectRef<RecordRow>>;
  readonly byId: Loader<Reader, string, RecordRow | null>;
  readonly types: ReturnType<typeof listTypes<RecordRow>>;
}

/** Makes the type of a kind of record, its node and its list; `listOfAccount` adds the list of an account. */
export function recordType(spec: RecordSpec, more: (t: Anything) => FieldMap = () => ({})): RecordType {
  const byId = recordById(spec);
  const ref = builder.objectRef<RecordRow>(spec.type);
  ref.implement({
    description: spec.description,
    fields: (t) => ({
      keyAccount: t.field({
        type: 'KeyAccount' as never,
        nullable: true,
        description: 'As the viewer may see it.',
        resolve: (row, _args, { read }) => keyAccountById.load(read, row.keyAccountId) as never,
      }),
      ...Object.fromEntries(
        Object.entries(spec.fields).map(([name, field]) => [name, outputField(t, name, field)]),
      ),
      recordedBy: t.field({
        type: 'Employee',
        nullable: true,
        description: 'Null where the system recorded it.',
        resolve: (row, _args, { read }) => read.organisation.employees.get(row.recordedById ?? '') ?? null,
      }),
      recordedAt: t.field({ type: 'DateTime', resolve: (row) => row.recordedAt }),
      version: t.int({ description: 'For `expectedVersion`.', resolve: (row) => row.version }),
      ...more(t),
    }),
  });
  nodeBy(ref, byId);
  const types = listTypes<RecordRow>(spec.type, ref, recordFields(spec));
  rootList(spec.list, types, {
    description: `${spec.description} Those that the viewer may read.`,
    source: recordList(spec),
  });
  return { spec, ref, byId, types };
}

/** The list of an account's records of a kind; those of the other kinds are found by `where: { keyAccount }`. */
export function listOfAccount({ spec, types }: RecordType): void {
  nestedList('KeyAccount', spec.list, types, {
    description: `${spec.description} Empty where the viewer sees the card alone.`,
    source: recordList(spec),
    parent: sql`r.key_account_id = parent.id`,
  });
}

function camel(type: string): string {
  return `${type.charAt(0).toLowerCase()}${type.slice(1)}`;
}

/** The record that a mutation made or changed, under the name of its type. */
function recordSuccess({ spec, ref, byId }: RecordType) {
  return (t: SuccessFields<{ recordId: string }>): FieldMap => ({
    [camel(spec.type)]: t.field({
      type: ref,
      nullable: true,
      description: 'Null when the viewer may not read it.',
      resolve: (done, _args, { read }) => byId.load(read, done.recordId),
    }),
  });
}

/** `<type>Record`: the mutation that records one. */
export function recordMutation(
  type: RecordType,
  options: {
    readonly description: string;
    /** What is given beside the fields of the kind. */
    readonly inputs?: (t: InputFields) => InputFieldMap;
    readonly recording?: (tx: Command, read: Reader, viewer: Viewer, input: Anything) => Recording;
  },
): void {
  const { spec } = type;
  mutation(`${camel(spec.type)}Record`, {
    description: options.description,
    errors: ['IllegalTransition', 'IdempotencyConflict'],
    input: (t) => ({
      keyAccountId: t.id({ required: true, ...nodeIdOf('KeyAccount') }),
      ...givenInputs(t, spec),
      ...options.inputs?.(t),
      idempotencyKey: t.string({ description: 'Same key and input within 24 hours: the same answer.' }),
    }),
    run: (tx, viewer, input, read) =>
      recordCreate(
        tx,
        viewer,
        spec,
        input as unknown as RecordInput,
        options.recording?.(tx, read, viewer, input),
      ),
    success: recordSuccess(type),
  });
}

/** A mutation that changes a record of a kind, named by its id and the version that was read. */
export function changeMutation(
  type: RecordType,
  name: string,
  options: {
    readonly description: string;
    readonly inputs: (t: InputFields) => InputFieldMap;
    readonly run: (
      tx: Command,
      viewer: Viewer,
      input: Anything,
      read: Reader,
    ) => Promise<{ recordId: string }>;
  },
): void {
  const id = `${camel(type.spec.type)}Id`;
  mutation(name, {
    description: options.description,
    errors: ['StaleVersion', 'IllegalTransition'],
    input: (t) => ({
      [id]: t.id({ required: true, ...nodeIdOf(type.spec.type) }),
      expectedVersion: t.int({ required: true, description: 'The version that was read.' }),
      ...options.inputs(t),
    }),
    run: (tx, viewer, input, read) =>
      options.run(tx, viewer, { ...input, recordId: (input as Record<string, unknown>)[id] }, read),
    success: recordSuccess(type),
  });
}
