import type { ReplyTemplate, TicketReply } from '../../generated/prisma/client.ts';
import { builder } from '../../graphql/builder.ts';
import { ENUMS } from '../../graphql/enums.ts';
import { globalId } from '../../graphql/ids.ts';
import { replyTemplates } from '../queries/replies.ts';

export const ReplyType = builder.objectRef<TicketReply>('TicketReply').implement({
  description: 'A message between us and the customer.',
  fields: (t) => ({
    id: t.id({
      description: 'For `ticketReplyReview`.',
      resolve: (reply) => globalId('TicketReply', reply.id),
    }),
    at: t.field({
      type: 'DateTime',
      description: 'When it came or went out; of one that waits or was refused, when it was written.',
      resolve: (reply) => reply.at,
    }),
    author: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Null when the customer wrote, and for what the system sent by itself.',
      resolve: (reply, _args, context) =>
        context.read.organisation.employees.get(reply.actorId ?? '') ?? null,
    }),
    fromCustomer: t.exposeBoolean('fromCustomer'),
    isProgressNotice: t.exposeBoolean('isProgress', {
      description: 'A progress notice to the customer (TIC-19).',
    }),
    isAutomatic: t.exposeBoolean('isAutomatic', {
      description: 'The acknowledgement of a letter or e-mail, written by the system (TIC-11).',
    }),
    template: t.exposeString('templateCode', {
      nullable: true,
      description: 'Code of the template that it was written from (TIC-13).',
    }),
    state: t.field({
      type: ENUMS.ReplyState,
      description:
        'PENDING_REVIEW: of a serious complaint, and not sent before CS_SUPERVISOR has read it (TIC-13).',
      resolve: (reply) => reply.state,
    }),
    reviewedBy: t.field({
      type: 'Employee',
      nullable: true,
      description: 'Who let it go out, or refused it.',
      resolve: (reply, _args, context) =>
        context.read.organisation.employees.get(reply.reviewedById ?? '') ?? null,
    }),
    reviewedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When that was.',
      resolve: (reply) => reply.reviewedAt,
    }),
    reviewNote: t.exposeString('reviewNote', { nullable: true, description: 'Why it was refused.' }),
    body: t.exposeString('body'),
  }),
});

export const ReplyTemplateType = builder.objectRef<ReplyTemplate>('ReplyTemplate').implement({
  description: 'A carefully worded text to begin a message to a customer with (TIC-13).',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'For `templateCode`.' }),
    title: t.exposeString('title'),
    body: t.exposeString('body', {
      description: 'In Chinese; {ticketNumber} and {subject} are filled in.',
    }),
    bodyEn: t.exposeString('bodyEn', { description: 'In English, with the same places.' }),
    isActive: t.exposeBoolean('isActive', { description: 'False once it is no longer offered.' }),
    updatedAt: t.field({ type: 'DateTime', resolve: (template) => template.updatedAt }),
    version: t.exposeInt('version', { description: 'For `expectedVersion`.' }),
  }),
});

builder.queryField('replyTemplates', (t) =>
  t.field({
    type: [ReplyTemplateType],
    description: 'The texts to begin messages with, by code; none for those who read no tickets (TIC-13).',
    resolve: (_root, _args, { read }) => replyTemplates(read),
  }),
);
