import type { FieldMap, InputFieldMap, InputShapeFromFields } from '@pothos/core';
import type { GraphQLInputType } from 'graphql';
import { DomainError } from '../lib/errors.ts';
import type { Reader } from '../organisation/queries.ts';
import type { Viewer } from '../organisation/rules/viewer.ts';
import type { Command } from '../platform/command.ts';
import { forgetReads } from '../platform/loaders.ts';
import { noteCode } from '../platform/operations.ts';
import { builder, type Types } from './builder.ts';
import { ERROR_TYPES, type ErrorName } from './errors.ts';
import { readInput } from './input.ts';

/** The builder of the fields of a mutation's success type. */
export type SuccessFields<Shape> = PothosSchemaTypes.ObjectFieldBuilder<Types, Shape>;
/** The builder of a mutation's input fields. */
export type InputFields = PothosSchemaTypes.InputFieldBuilder<Types, 'InputObject'>;

/** Errors every mutation may answer with. */
const COMMON: readonly ErrorName[] = ['InvalidInput', 'NotFound', 'Forbidden'];

interface MutationOptions<Input extends InputFieldMap, Success extends object> {
  description: string;
  /** Fields of the input. One that takes a Node id says so with `nodeIdOf`; the command gets the row's id. */
  input: (t: InputFields) => Input;
  /** Typed errors beyond InvalidInput, NotFound and Forbidden. */
  errors?: readonly ErrorName[];
  /** The command, in the mutation's transaction; `read` gives it the directory. What it returns are ids; `success` reads them again. */
  run: (tx: Command, viewer: Viewer, input: InputShapeFromFields<Input>, read: Reader) => Promise<Success>;
  success: (t: SuccessFields<Success>) => FieldMap;
}

/**
 * Adds `<name>(input: <Name>Input!): <Name>Result!`, a union of `<Name>Success` and typed errors. An expected failure
 * undoes the transaction and becomes the answer; anything else is a bug, is logged with an id and masked.
 */
export function mutation<Input extends InputFieldMap, Success extends object>(
  name: string,
  options: MutationOptions<Input, Success>,
): void {
  const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const input = builder.inputType(`${title}Input`, { fields: options.input });
  const success = builder.objectRef<Success>(`${title}Success`).implement({
    description: `What \`${name}\` did, read again after it was kept.`,
    fields: options.success,
  });
  const errorNames = [...new Set([...COMMON, ...(options.errors ?? [])])];
  const result = builder.unionType(`${title}Result`, {
    description: `Answer of \`${name}\`: success, or an error to act on.`,
    types: [success, ...errorNames.map((error) => ERROR_TYPES[error])] as never,
    resolveType: (value) => (value as { __typename?: string }).__typename ?? `${title}Success`,
  });
  builder.mutationField(name, (t) =>
    t.field({
      type: result,
      description: options.description,
      args: { input: t.arg({ type: input, required: true }) },
      resolve: async (_root, args, context, info) => {
        try {
          const declared = info.parentType.getFields()[name]?.args[0]?.type as GraphQLInputType;
          const decoded = readInput(
            (args as { input: unknown }).input,
            declared,
          ) as InputShapeFromFields<Input>;
          const done = await context.run((tx, viewer) => options.run(tx, viewer, decoded, context.read));
          forgetReads(context.read);
          return done as never;
        } catch (error) {
          if (error instanceof DomainError && errorNames.includes(error.name as ErrorName)) {
            noteCode(error.code);
            return errorResult(error) as never;
          }
          throw error;
        }
      },
    }),
  );
}

/** An error as an answer: graphql-js would throw a returned Error instead of resolving its fields. */
export function errorResult(error: DomainError): object {
  return { ...error, __typename: error.name };
}
