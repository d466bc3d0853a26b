import { type GraphQLUnionType, isUnionType } from 'graphql';
import { schema } from '../../src/schema.ts';
import type { Caller, TestServer } from './server.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a mutation answers is known to its test alone.
export type MutationAnswer = any;

/** What is asked of each typed error besides its code, message and path. */
const FIELDS: Readonly<Record<string, string>> = {
  InvalidInput: 'issues { path message }',
  Forbidden: 'required',
  StaleVersion: 'current',
  IllegalTransition: 'from to allowed',
  BudgetExceeded: 'available requested',
  QuotaExceeded: 'retryAfter',
};

/** Calls a mutation and answers with its result, whether it is a success or an error; `success` is what is asked of the former. */
export async function mutate(
  server: Pick<TestServer, 'gql'>,
  caller: Caller,
  name: string,
  input: object,
  success = '__typename',
): Promise<MutationAnswer> {
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  const result = schema.getType(`${title}Result`);
  if (!isUnionType(result)) throw new Error(`There is no mutation ${name}.`);
  const { data, errors } = await server.gql(
    caller,
    `mutation ($input: ${title}Input!) { result: ${name}(input: $input) {
      __typename ... on Error { code message path } ${errorFields(result)} ... on ${title}Success { ${success} }
    } }`,
    { input },
  );
  if (errors) throw new Error(`${name} failed: ${JSON.stringify(errors)}`);
  return data.result;
}

function errorFields(result: GraphQLUnionType): string {
  return result
    .getTypes()
    .flatMap(({ name }) => (FIELDS[name] ? `... on ${name} { ${FIELDS[name]} }` : []))
    .join(' ');
}

/** The fields that an InvalidInput names, as dotted paths. */
export function pathsOf(answer: MutationAnswer): string[] {
  return answer.issues.map((issue: { path: readonly string[] }) => issue.path.join('.'));
}
