-- The id of a stream tells more than its type, which nearly all share: a search that compares it first is cheaper.
alter table events drop constraint events_pkey;
alter table events add primary key (aggregate_id, aggregate_type, sequence);
