-- KPI-32 looks at the answered return calls of a period.
create index follow_up_answered_idx on follow_up (at) where result <> 'UNREACHABLE';
