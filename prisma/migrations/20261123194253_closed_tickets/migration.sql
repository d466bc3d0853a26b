-- The tickets that were closed in a period, for what is worked out from them afterwards.
create index ticket_closed_sql on ticket (closed_at desc, id desc) where status = 'CLOSED';
