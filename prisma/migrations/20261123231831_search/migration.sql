-- What `search` looks through: src/search/queries.ts has the same expressions. See search_grams for how they are found.

-- Every two characters that follow each other are grams, too: most Chinese words are of two, and of the beginnings of grams
-- the planner thinks that each is in one row of two hundred, of whole ones it knows better. Making the grams of a row is
-- dear; the planner is not to read rows in their order, and to make the grams of each, where few have the word.
create or replace function search_grams(value text) returns tsvector
language plpgsql immutable strict parallel safe cost 5000 as $$
declare
  found text := lower(regexp_replace(normalize(left(value, 60000), NFKC), '[[:space:][:cntrl:]]+', ' ', 'g'));
begin
  return array_to_tsvector(array_remove(string_to_array(
    regexp_replace(found, '(...)', E'\\1\x01', 'g') || E'\x01' ||
    regexp_replace(substr(found, 2), '(...)', E'\\1\x01', 'g') || E'\x01' ||
    regexp_replace(substr(found, 3), '(...)', E'\\1\x01', 'g') || E'\x01' ||
    regexp_replace(found, '(..)', E'\\1\x01', 'g') || E'\x01' ||
    regexp_replace(substr(found, 2), '(..)', E'\\1\x01', 'g'), E'\x01'), ''));
end $$;

-- As before, but that only a single character is the beginning of a gram.
create or replace function search_query(value text) returns tsquery
language plpgsql immutable strict parallel safe as $$
declare
  wanted text := lower(regexp_replace(normalize(left(value, 60000), NFKC), '[[:space:][:cntrl:]]+', ' ', 'g'));
  quoted text := '''' || replace(replace(wanted, '\', '\\'), '''', '''''') || '''';
begin
  if length(wanted) < 2 then
    return (quoted || ':*')::tsquery;
  elsif length(wanted) = 2 then
    return quoted::tsquery;
  end if;
  return (
    select string_agg('''' || replace(replace(gram, '\', '\\'), '''', '''''') || '''', ' & ')
    from (
      select substr(wanted, start, 3) as gram from generate_series(1, length(wanted) - 2, 3) start
      union select right(wanted, 3) where length(wanted) % 3 = 2) grams)::tsquery;
end $$;
reindex index customer_name_grams_idx;
reindex index customer_number_grams_idx;
reindex index knowledge_article_text_grams_idx;

-- A customer's file but for billing, its contacts, and what was said with it.
create index customer_file_grams_idx on customer using gin (search_grams((
  name || ' ' || number || coalesce(' ' || contact_person, '') || coalesce(' ' || phone, '') || coalesce(' ' || address, '')
  || coalesce(' ' || business_needs, '') || coalesce(' ' || registration_number, '') || coalesce(' ' || fax, '')
  || coalesce(' ' || email, '') || coalesce(' ' || website, '') || coalesce(' ' || scope_of_business, '')
  || coalesce(' ' || main_products, '') || coalesce(' ' || industry_position, '')))) with (fastupdate = off);
create index contact_grams_idx on contact using gin (search_grams((
  name || coalesce(' ' || title, '') || coalesce(' ' || phone, '') || coalesce(' ' || mobile, '')
  || coalesce(' ' || email, '')))) with (fastupdate = off);
-- Names that are the word, or begin with it, come first.
create index customer_name_beginning_idx on customer ((left(search_text(name), 200) collate "C"));
create index contact_name_beginning_idx on contact ((left(search_text(name), 200) collate "C"));

-- These are written all day and hold much text: new rows wait in a list of at most a megabyte, which a search reads, too.
create index contact_log_grams_idx on contact_log using gin (search_grams(content)) with (gin_pending_list_limit = 1024);
create index ticket_grams_idx on ticket using gin (search_grams((
  number || ' ' || subject || ' ' || content || coalesce(' ' || caller_name, '') || coalesce(' ' || caller_phone, '')
  || coalesce(' ' || shipment_number, '')))) with (gin_pending_list_limit = 1024);
-- Messages that wait for their reviewer, or were refused, are found by nobody.
create index ticket_reply_grams_idx on ticket_reply using gin (search_grams(body)) with (gin_pending_list_limit = 1024)
  where state = 'SENT';
