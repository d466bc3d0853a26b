-- Parts of words are found by grams: every three characters that follow each other, and the two or one at the end. A word
-- of two characters is the beginning of a gram, so that Chinese words, numbers and parts of English words are found alike.

-- What a search compares: full width as half width, capitals as small letters, any white space as one blank. The bodies
-- name nothing of ours, so that an index over them can be restored and analysed whatever the search path is. Longer texts
-- than a vector of grams can hold are searched in their beginning.
create function search_text(value text) returns text
language sql immutable strict parallel safe cost 20 as $$
  select lower(regexp_replace(normalize(left(value, 60000), NFKC), '[[:space:][:cntrl:]]+', ' ', 'g'))
$$;

-- \x01 stands in no text that is searched: it separates the grams that begin at each third character.
create function search_grams(value text) returns tsvector
language plpgsql immutable strict parallel safe cost 400 as $$
declare
  found text := lower(regexp_replace(normalize(left(value, 60000), NFKC), '[[:space:][:cntrl:]]+', ' ', 'g'));
begin
  return array_to_tsvector(array_remove(string_to_array(
    regexp_replace(found, '(...)', E'\\1\x01', 'g') || E'\x01' ||
    regexp_replace(substr(found, 2), '(...)', E'\\1\x01', 'g') || E'\x01' ||
    regexp_replace(substr(found, 3), '(...)', E'\\1\x01', 'g'), E'\x01'), ''));
end $$;

-- The grams that a text holds which holds this one: each third, and the last where two characters are left. More of them
-- find the same rows, and let the planner take what is frequent for rare. Less than a gram is the beginning of one. Not
-- for the empty text.
create function search_query(value text) returns tsquery
language plpgsql immutable strict parallel safe as $$
declare
  wanted text := lower(regexp_replace(normalize(left(value, 60000), NFKC), '[[:space:][:cntrl:]]+', ' ', 'g'));
  quoted text := replace(replace(wanted, '\', '\\'), '''', '''''');
begin
  if length(wanted) < 3 then
    return ('''' || quoted || ''':*')::tsquery;
  end if;
  return (
    select string_agg('''' || replace(replace(gram, '\', '\\'), '''', '''''') || '''', ' & ')
    from (
      select substr(wanted, start, 3) as gram from generate_series(1, length(wanted) - 2, 3) start
      union select right(wanted, 3) where length(wanted) % 3 = 2) grams)::tsquery;
end $$;

-- Kept up with every row: a list of rows still to be taken in would be read by each search.
create index customer_name_grams_idx on customer using gin (search_grams(name)) with (fastupdate = off);
create index customer_number_grams_idx on customer using gin (search_grams(number)) with (fastupdate = off);
