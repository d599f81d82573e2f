create unique index loans_in_order on loans (position);
create index loans_by_borrower on loans (borrower_id);
create index loans_by_external_id on loans (external_id) where external_id is not null;
create unique index standing_changes_in_order on standing_changes (position);
-- By day, to find what happened shortly before one. Rows come in about that order, so of each few pages a handful of ranges of
-- days says enough, which costs next to nothing to keep; what was dated back is an outlier of its own.
create index standing_changes_by_day on standing_changes using brin (on_day date_minmax_multi_ops)
    with (pages_per_range = 32, autosummarize = on);
