import { type GraphQLInputType, isInputObjectType, isListType, isNonNullType } from 'graphql';
import { type Issue, InvalidInput } from '../lib/errors.ts';
import { text } from '../lib/text.ts';
import { localId } from './ids.ts';

/**
 * Replaces every Node id of an input by the row's id. All ids that are malformed, and all texts that cannot be kept, are
 * reported together.
 */
export function readInput<Input>(input: Input, type: GraphQLInputType): Input {
  const issues: Issue[] = [];
  const accepted = readValue(input, type, [], undefined, issues);
  if (issues.length > 0) throw new InvalidInput(issues);
  return accepted as Input;
}

function readValue(
  value: unknown,
  type: GraphQLInputType,
  path: readonly string[],
  entity: string | undefined,
  issues: Issue[],
): unknown {
  if (value === null || value === undefined) return value;
  if (isNonNullType(type)) return readValue(value, type.ofType, path, entity, issues);
  if (isListType(type)) {
    return (value as unknown[]).map((item, index) =>
      readValue(item, type.ofType, [...path, String(index)], entity, issues),
    );
  }
  if (isInputObjectType(type)) {
    const fields = type.getFields();
    return Object.fromEntries(
      Object.entries(value as Record<string, unknown>).map(([name, item]) => {
        const field = fields[name];
        const fieldEntity = field?.extensions.entity as string | undefined;
        return [name, field ? readValue(item, field.type, [...path, name], fieldEntity, issues) : item];
      }),
    );
  }
  if (entity === undefined) {
    if (typeof value === 'string' && value.includes('\0')) issues.push(holdsNul(path));
    return value;
  }
  const id = localId(String(value), entity);
  if (id === null) issues.push(notAnId(path, value, entity));
  return id;
}

function notAnId(path: readonly string[], value: unknown, entity: string): Issue {
  return {
    path,
    message: text(
      `${JSON.stringify(value)} is no id of a ${entity}.`,
      `${JSON.stringify(value)} 不是 ${entity} 的 id。`,
    ),
  };
}

/** PostgreSQL keeps every text but one with the character NUL. */
function holdsNul(path: readonly string[]): Issue {
  return { path, message: text('Text without the character NUL is accepted.', '文本不得包含 NUL 字符。') };
}
