create unique index loans_in_order on loans (position);
create index loans_by_borrower on loans (borrower_id);
create index loans_by_external_id on loans (external_id) where external_id is not null;
create unique index standing_changes_in_order on standing_changes (position);
