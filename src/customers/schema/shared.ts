import type { SuccessFields } from '../../graphql/mutation.ts';
import { customerById } from '../queries/customers.ts';

/** What a mutation about a customer answers. */
export function customerAnswer<Shape extends { readonly customerId: string }>(t: SuccessFields<Shape>) {
  return {
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'Null when the viewer may no longer know of it.',
      resolve: (done, _args, { read }) => customerById.load(read, done.customerId),
    }),
  };
}
