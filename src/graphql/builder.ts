import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import type PrismaTypes from '../generated/pothos-types.ts';
import { getDatamodel } from '../generated/pothos-types.ts';
import type { Money } from '../lib/money.ts';
import type { ChannelRow } from '../duty/queries/channels.ts';
import type { AttachmentRow } from '../attachments/queries.ts';
import type { CustomerRow } from '../customers/queries/customers.ts';
import type { KeyAccountRow } from '../key-accounts/queries/key-accounts.ts';
import type { Area, Department, Employee, Team } from '../organisation/queries.ts';
import type { TicketRow } from '../tickets/queries/tickets.ts';
import type { PrismaClient, TicketReply } from '../generated/prisma/client.ts';
import { type Context, unauthenticated } from './context.ts';

interface SchemaTypes {
  PrismaTypes: PrismaTypes;
  Context: Context;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: { list: false; items: false };
  DefaultNodeNullability: false;
  AuthScopes: { employee: boolean };
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    Date: { Input: string; Output: string };
    YearMonth: { Input: string; Output: string };
    Decimal: { Input: string; Output: string };
    Duration: { Input: string; Output: string };
    Cursor: { Input: string; Output: string };
    JSON: { Input: unknown; Output: unknown };
  };
  /** Types that schema files refer to by name, so that no area's schema imports another's. */
  Objects: {
    Money: Money;
    Area: Area;
    Department: Department;
    Team: Team;
    Employee: Employee;
    Customer: CustomerRow;
    KeyAccount: KeyAccountRow;
    Ticket: TicketRow;
    TicketReply: TicketReply;
    Attachment: AttachmentRow;
    ServiceChannel: ChannelRow;
  };
  Connection: { totalCount: () => Promise<number> | number };
}

/** The builder's types with Pothos' defaults filled in: what its refs are written over. */
export type Types = PothosSchemaTypes.ExtendDefaultTypes<SchemaTypes>;

/** The schema as it is being written. Areas add to it in their schema files; src/schema.ts closes it. */
export const builder = new SchemaBuilder<SchemaTypes>({
  plugins: [ScopeAuthPlugin, PrismaPlugin, RelayPlugin, ComplexityPlugin],
  defaultFieldNullability: false,
  prisma: {
    // Reads go through guarded loaders, never through the plugin: its own queries know no visibility.
    client: (): PrismaClient => {
      throw new Error('A field asked the Prisma plugin for rows; read them through a loader of the area.');
    },
    dmmf: getDatamodel(),
    exposeDescriptions: true,
    filterConnectionTotalCount: false,
  },
  relay: {
    clientMutationId: 'omit',
    cursorType: 'String',
    // The connection counts its page size; its edges are the same rows, not a list in a list.
    edgesFieldOptions: { nullable: { list: false, items: false }, complexity: { field: 1, multiplier: 1 } },
    nodeFieldOptions: { nullable: false },
    nodeTypeOptions: { description: 'Whatever has an id of its own in this API.' },
    pageInfoTypeOptions: { description: 'Where a page stands in its list.' },
    nodeQueryOptions: { description: 'Anything by its id; null when the viewer may not know of it.' },
    nodesQueryOptions: {
      description: 'Many things by their ids, in that order; null for each of which the viewer may not know.',
      complexity: (args: { readonly ids: readonly unknown[] }) => ({ field: 1, multiplier: args.ids.length }),
    },
  },
  scopeAuth: {
    authScopes: (context) => ({ employee: context.viewer !== null }),
    unauthorizedError: () => unauthenticated('A valid token is needed: Authorization: Bearer <token>.'),
  },
  complexity: { defaultComplexity: 1, defaultListMultiplier: 5 },
});

builder.queryType({ authScopes: { employee: true }, description: 'Everything that can be read.' });
builder.mutationType({
  authScopes: { employee: true },
  description: 'Everything that can be changed: one mutation per intention.',
});
builder.subscriptionType({
  authScopes: { employee: true },
  description: 'Live feeds. Each resumes after a cursor without gap or repeat, on any process.',
});

builder.globalConnectionField('totalCount', (t) =>
  t.int({
    description:
      'How many rows of the whole list match, for this viewer. Costs a count; ask only when it is shown.',
    resolve: (connection) => connection.totalCount(),
  }),
);
