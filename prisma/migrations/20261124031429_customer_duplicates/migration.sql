-- CreateEnum
CREATE TYPE "DuplicateReason" AS ENUM ('NAME', 'SIMILAR_NAME', 'PHONE', 'REGISTRATION_NUMBER');

-- CreateEnum
CREATE TYPE "DuplicateState" AS ENUM ('OPEN', 'DISMISSED');

-- CreateTable
CREATE TABLE "customer_match" (
    "customer_id" UUID NOT NULL,
    "name_key" TEXT NOT NULL,
    "grams" TEXT[],
    "code_keys" TEXT[],
    "phone_keys" TEXT[],
    "sought_at" TIMESTAMPTZ(3),

    CONSTRAINT "customer_match_pkey" PRIMARY KEY ("customer_id")
);

-- CreateTable
CREATE TABLE "duplicate_candidate" (
    "id" UUID NOT NULL,
    "one_id" UUID NOT NULL,
    "other_id" UUID NOT NULL,
    "reasons" "DuplicateReason"[],
    "similarity" DECIMAL(4,3) NOT NULL,
    "state" "DuplicateState" NOT NULL DEFAULT 'OPEN',
    "found_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_by_id" UUID,
    "decided_at" TIMESTAMPTZ(3),
    "decision_reason" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "duplicate_candidate_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "customer_merge" (
    "id" UUID NOT NULL,
    "duplicate_id" UUID NOT NULL,
    "survivor_id" UUID NOT NULL,
    "number" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "source" TEXT,
    "external_id" TEXT,
    "facts" JSONB NOT NULL,
    "taken" JSONB NOT NULL,
    "moved" JSONB NOT NULL,
    "reason" TEXT NOT NULL,
    "merged_by_id" UUID NOT NULL,
    "merged_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "customer_merge_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "customer_match_name_key_idx" ON "customer_match"("name_key");

-- CreateIndex
CREATE INDEX "customer_match_grams_idx" ON "customer_match" USING GIN ("grams");

-- CreateIndex
CREATE INDEX "customer_match_code_keys_idx" ON "customer_match" USING GIN ("code_keys");

-- CreateIndex
CREATE INDEX "customer_match_phone_keys_idx" ON "customer_match" USING GIN ("phone_keys");

-- CreateIndex
CREATE INDEX "duplicate_candidate_other_id_idx" ON "duplicate_candidate"("other_id");

-- CreateIndex
CREATE INDEX "duplicate_candidate_found_at_id_idx" ON "duplicate_candidate"("found_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "duplicate_candidate_one_id_other_id_key" ON "duplicate_candidate"("one_id", "other_id");

-- CreateIndex
CREATE UNIQUE INDEX "customer_merge_duplicate_id_key" ON "customer_merge"("duplicate_id");

-- CreateIndex
CREATE UNIQUE INDEX "customer_merge_number_key" ON "customer_merge"("number");

-- CreateIndex
CREATE INDEX "customer_merge_survivor_id_merged_at_idx" ON "customer_merge"("survivor_id", "merged_at");

-- CreateIndex
CREATE UNIQUE INDEX "customer_merge_source_external_id_key" ON "customer_merge"("source", "external_id");

-- AddForeignKey
ALTER TABLE "customer_match" ADD CONSTRAINT "customer_match_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "duplicate_candidate" ADD CONSTRAINT "duplicate_candidate_one_id_fkey" FOREIGN KEY ("one_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "duplicate_candidate" ADD CONSTRAINT "duplicate_candidate_other_id_fkey" FOREIGN KEY ("other_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "customer_merge" ADD CONSTRAINT "customer_merge_survivor_id_fkey" FOREIGN KEY ("survivor_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- The lesser id first, so that a pair has one row.
alter table duplicate_candidate add constraint duplicate_candidate_in_order check (one_id < other_id);
alter table duplicate_candidate add constraint duplicate_candidate_decided
  check ((state = 'DISMISSED') = (decided_by_id is not null and decided_at is not null and btrim(decision_reason) <> ''));
alter table customer_merge add constraint customer_merge_of_two check (duplicate_id <> survivor_id);
alter table customer_merge add constraint customer_merge_says_why check (btrim(reason) <> '');

-- What companies' names are compared by: full width as half width, without case, punctuation, legal form and the words
-- for city and province. Of a name that is nothing else, all of it.
create function company_key(value text) returns text
language plpgsql immutable strict parallel safe as $$
declare
  plain text := lower(normalize(left(value, 500), NFKC));
  form text := '(有限责任|股份有限|集团有限|有限)公司|有限合伙|公司|集团|股份|[市省]';
  kept text;
begin
  plain := regexp_replace(plain, '[[:space:][:punct:][:cntrl:]、。《》〈〉【】「」『』“”‘’—–…·•・]+', ' ', 'g');
  kept := regexp_replace(plain, '(^|[^a-z0-9])(co|company|corp|corporation|inc|incorporated|ltd|limited|llc|plc|gmbh|group|holding|holdings)(?=[^a-z0-9]|$)', '\1', 'g');
  kept := regexp_replace(replace(kept, ' ', ''), form, '', 'g');
  return case when kept = '' then replace(plain, ' ', '') else kept end;
end $$;

-- Phone numbers as they are compared: digits, without the country's 86 or 0086, a leading 0 and an extension. A field may
-- hold several. What is too short to tell anybody apart is left out.
create function phone_keys(vals text[]) returns text[]
language sql immutable parallel safe as $$
  select coalesce(array_agg(distinct key order by key), '{}')
  from unnest(vals) v(value)
  cross join regexp_split_to_table(lower(normalize(left(v.value, 500), NFKC)), '[/;,、|]') part
  cross join lateral (
    select regexp_replace(regexp_replace(part, '(转|ext|#|x).*$', ''), '[^0-9]', '', 'g') as digits) d
  cross join lateral (
    select ltrim(regexp_replace(d.digits, '^(00)?86(?=[0-9]{10,})', ''), '0') as key) k
  where length(key) >= 7
$$;

-- Registration and tax numbers as they are compared; the unified social credit code is both.
create function code_keys(vals text[]) returns text[]
language sql immutable parallel safe as $$
  select coalesce(array_agg(distinct key order by key), '{}')
  from unnest(vals) v(value)
  cross join lateral (
    select regexp_replace(upper(normalize(left(v.value, 200), NFKC)), '[^A-Z0-9]', '', 'g') as key) k
  where length(key) >= 6
$$;

create function match_customers(ids uuid[]) returns void language sql as $$
  insert into customer_match as m (customer_id, name_key, grams, code_keys, phone_keys)
  select c.id, k.key, tsvector_to_array(search_grams(k.key)), code_keys(array[c.registration_number, c.tax_number]),
         phone_keys(array[c.phone] || array(
           select p.phone from contact p where p.customer_id = c.id and p.archived_at is null
           union all
           select p.mobile from contact p where p.customer_id = c.id and p.archived_at is null))
  from customer c cross join lateral (select company_key(c.name) as key) k
  where c.id = any(ids)
  order by c.id
  on conflict (customer_id) do update set
    name_key = excluded.name_key, grams = excluded.grams, code_keys = excluded.code_keys,
    phone_keys = excluded.phone_keys, sought_at = null
  where (m.name_key, m.code_keys, m.phone_keys) is distinct from (excluded.name_key, excluded.code_keys, excluded.phone_keys)
$$;

-- Whoever writes a customer or a contact, the product or an import: what it is compared by follows.
create function match_customers_inserted() returns trigger language plpgsql as $$
begin
  perform match_customers(array(select r.id from after_rows r));
  return null;
end $$;
create function match_customers_updated() returns trigger language plpgsql as $$
declare
  changed uuid[] := array(
    select a.id from before_rows b join after_rows a on a.id = b.id
    where (b.name, b.phone, b.registration_number, b.tax_number)
      is distinct from (a.name, a.phone, a.registration_number, a.tax_number));
begin
  if cardinality(changed) > 0 then perform match_customers(changed); end if;
  return null;
end $$;
create function match_contacts_inserted() returns trigger language plpgsql as $$
begin
  perform match_customers(array(select distinct r.customer_id from after_rows r));
  return null;
end $$;
create function match_contacts_updated() returns trigger language plpgsql as $$
declare
  changed uuid[] := array(
    select x.customer_id from before_rows b join after_rows a on a.id = b.id
    cross join lateral unnest(array[b.customer_id, a.customer_id]) x(customer_id)
    where (b.customer_id, b.phone, b.mobile, b.archived_at is null)
      is distinct from (a.customer_id, a.phone, a.mobile, a.archived_at is null));
begin
  if cardinality(changed) > 0 then perform match_customers(changed); end if;
  return null;
end $$;
create trigger customer_matched_inserted after insert on customer
  referencing new table as after_rows for each statement execute function match_customers_inserted();
create trigger customer_matched_updated after update on customer
  referencing old table as before_rows new table as after_rows for each statement execute function match_customers_updated();
create trigger contact_matched_inserted after insert on contact
  referencing new table as after_rows for each statement execute function match_contacts_inserted();
create trigger contact_matched_updated after update on contact
  referencing old table as before_rows new table as after_rows for each statement execute function match_contacts_updated();
select match_customers(array(select id from customer));

-- Those whose like are still to be looked for.
create index customer_match_to_seek_idx on customer_match (customer_id) where sought_at is null;

-- A search for a customer by the number or name that a duplicate of it had.
create index customer_merge_grams_idx on customer_merge using gin (search_grams((number || ' ' || name))) with (fastupdate = off);

-- Records that are never changed follow their customer into the one that it was merged into; nothing else of them.
create function refuse_change_but_merge() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and to_jsonb(new) - 'customer_id' = to_jsonb(old) - 'customer_id' and exists (
    select 1 from customer_merge m where m.duplicate_id = old.customer_id and m.survivor_id = new.customer_id) then
    return new;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation';
end $$;
drop trigger grade_history_append_only on grade_history;
create trigger grade_history_append_only before update or delete on grade_history
  for each row execute function refuse_change_but_merge();
drop trigger customer_stage_change_append_only on customer_stage_change;
create trigger customer_stage_change_append_only before update or delete on customer_stage_change
  for each row execute function refuse_change_but_merge();
drop trigger disclosure_report_append_only on disclosure_report;
create trigger disclosure_report_append_only before update or delete on disclosure_report
  for each row execute function refuse_change_but_merge();

create function refuse_other_merge() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and to_jsonb(new) - 'survivor_id' = to_jsonb(old) - 'survivor_id' and exists (
    select 1 from customer_merge m where m.duplicate_id = old.survivor_id and m.survivor_id = new.survivor_id) then
    return new;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation';
end $$;
create trigger customer_merge_append_only before update or delete on customer_merge
  for each row execute function refuse_other_merge();
