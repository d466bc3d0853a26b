import type { PaperKind, PaperRole } from '../../generated/prisma/enums.ts';
import { IllegalTransition, invalid, Issues, NotFound } from '../../lib/errors.ts';
import { text } from '../../lib/text.ts';
import type { Viewer } from '../../organisation/rules/viewer.ts';
import { type Command, once } from '../../platform/command.ts';
import { sql } from '../../platform/sql.ts';
import { CUSTOMER_SETTINGS } from '../settings.ts';
import { expectWords } from './facts.ts';
import { lockCustomer, requireWritable } from './lock.ts';

const COPIES_MOST = 100;
const PAGES_MOST = 2_000;

export interface FilePaperAddInput {
  readonly customerId: string;
  readonly setNumber?: number | null;
  readonly role: PaperRole;
  readonly kind: PaperKind;
  readonly title: string;
  readonly language?: string | null;
  readonly copies: number;
  readonly pageCount: number;
  readonly idempotencyKey?: string | null;
}

/** Adds a paper to a file, to a set that is there or as the first of a new one (CUS-10, CUS-11). */
export async function filePaperAdd(
  tx: Command,
  viewer: Viewer,
  input: FilePaperAddInput,
): Promise<{ paperId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  requireWritable(customer);
  const paperId = await once(tx, 'filePaperAdd', input.idempotencyKey, input, async (id) => {
    const issues = new Issues();
    expectWords(issues, { title: input.title });
    if (input.language != null) expectWords(issues, { language: input.language });
    expectCount(issues, 'copies', input.copies, COPIES_MOST);
    expectCount(issues, 'pageCount', input.pageCount, PAGES_MOST);
    const [{ sets } = { sets: 0 }] = await tx.query<{ sets: number }>(sql`
      select coalesce(max(p.set_number), 0) as sets from file_paper p where p.customer_id = ${customer.id}::uuid`);
    const setNumber = input.setNumber ?? sets + 1;
    issues.expect(
      input.setNumber == null || (setNumber >= 1 && setNumber <= sets),
      'setNumber',
      text(`a set of the file, 1 to ${sets}; nothing for a new one`, `档案已有的组号 1 到 ${sets}；新组不填`),
    );
    issues.throwIfAny();
    const paper = {
      customerId: customer.id,
      setNumber,
      role: input.role,
      kind: input.kind,
      title: input.title.trim(),
      language: input.language?.trim() ?? null,
      copies: input.copies,
      pageCount: input.pageCount,
    };
    await tx.prisma.filePaper.create({
      data: { ...paper, id, addedById: viewer.employeeId, addedAt: tx.now },
    });
    tx.audit({ action: 'filePaperAdd', subjectType: 'FilePaper', subjectId: id, after: paper });
  });
  return { paperId };
}

function expectCount(issues: Issues, field: string, value: number, most: number): void {
  issues.expect(
    Number.isInteger(value) && value >= 1 && value <= most,
    field,
    text(`a whole number from 1 to ${most}`, `1 到 ${most} 的整数`),
  );
}

/** Takes a paper that was added by mistake out of a file; what is archived stays. */
export async function filePaperRemove(
  tx: Command,
  viewer: Viewer,
  { paperId }: { readonly paperId: string },
): Promise<{ customerId: string }> {
  const notFound = new NotFound(['paperId'], text('paper', '文件'));
  const paper = await tx.prisma.filePaper.findUnique({ where: { id: paperId } });
  if (!paper) throw notFound;
  const customer = await lockCustomer(tx, viewer, paper.customerId, 'paperId', notFound);
  if (customer.level < 2) throw notFound;
  requireWritable(customer);
  const { count } = await tx.prisma.filePaper.deleteMany({ where: { id: paperId, archivedAt: null } });
  if (count === 0) throw new IllegalTransition('ARCHIVED', 'REMOVE', []);
  tx.audit({ action: 'filePaperRemove', subjectType: 'FilePaper', subjectId: paperId, before: paper });
  return { customerId: customer.id };
}

/** Archives the papers of a file that are not archived yet; refused while a required kind is missing (CUS-10). */
export async function filePapersArchive(
  tx: Command,
  viewer: Viewer,
  input: { readonly customerId: string },
): Promise<{ customerId: string }> {
  const customer = await lockCustomer(tx, viewer, input.customerId, 'customerId');
  requireWritable(customer);
  const there = await tx.query<{ kind: PaperKind }>(sql`
    select distinct p.kind from file_paper p where p.customer_id = ${customer.id}::uuid`);
  const kinds = new Set(there.map(({ kind }) => kind));
  const missing = tx.settings.get(CUSTOMER_SETTINGS.requiredPapers).filter((kind) => !kinds.has(kind));
  if (missing.length > 0 || kinds.size === 0)
    throw invalid(
      'customerId',
      text(
        `a file with every required kind of paper; missing: ${missing.join(', ') || 'papers'}`,
        `档案须具备全部规定种类的文件；缺少：${missing.join('、') || '文件'}`,
      ),
    );
  const archived = await tx.query<{ id: string }>(sql`
    update file_paper set archived_at = ${tx.now}::timestamptz, archived_by_id = ${viewer.employeeId}::uuid
    where customer_id = ${customer.id}::uuid and archived_at is null
    returning id`);
  tx.audit({
    action: 'filePapersArchive',
    subjectType: 'Customer',
    subjectId: customer.id,
    after: { papers: archived.length },
  });
  return { customerId: customer.id };
}
