import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLResolveInfo,
  Kind,
  type SelectionSetNode,
} from 'graphql';

const known = new WeakMap<FieldNode, ReadonlySet<string>>();

/**
 * Names of the fields that a connection's rows are asked for, so that a list reads no column that nobody asked for.
 * A document is looked through once. `@skip` and `@include` are not looked at: a column too many does no harm.
 */
export function fieldsOfNodes(info: GraphQLResolveInfo): ReadonlySet<string> {
  const [first] = info.fieldNodes;
  const cached = info.fieldNodes.length === 1 && first ? known.get(first) : undefined;
  if (cached) return cached;
  const connection = info.fieldNodes.flatMap((node) => node.selectionSet ?? []);
  const edges = below(connection, 'edges', info.fragments);
  const names = new Set(
    fields(below(edges, 'node', info.fragments), info.fragments).map((field) => field.name.value),
  );
  if (info.fieldNodes.length === 1 && first) known.set(first, names);
  return names;
}

function below(
  sets: readonly SelectionSetNode[],
  name: string,
  fragments: Readonly<Record<string, FragmentDefinitionNode>>,
): SelectionSetNode[] {
  return fields(sets, fragments).flatMap((field) =>
    field.name.value === name ? (field.selectionSet ?? []) : [],
  );
}

/** The fields of selection sets, through fragments. */
function fields(
  sets: readonly SelectionSetNode[],
  fragments: Readonly<Record<string, FragmentDefinitionNode>>,
): FieldNode[] {
  return sets.flatMap((set) =>
    set.selections.flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return [selection];
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments[selection.name.value];
      return fragment ? fields([fragment.selectionSet], fragments) : [];
    }),
  );
}
