create unique index entries_in_order on entries (first_position);
create index entries_by_external_id on entries (external_id) where external_id is not null;
