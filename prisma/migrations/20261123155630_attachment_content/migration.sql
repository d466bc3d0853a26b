-- A comparison with null counts as kept: content that is there is named.
alter table attachment drop constraint attachment_content_or_tombstone;
alter table attachment add constraint attachment_content_or_tombstone check (
  (removed_at is null and blob_sha_256 is not null and blob_sha_256 = sha_256 and removed_by_id is null
    and removal_reason is null)
  or (removed_at is not null and blob_sha_256 is null and removal_reason is not null));
