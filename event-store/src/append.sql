-- Appends a batch of commands, all or nothing: a unique violation says that a stream moved on, or that a key or a claim is
-- taken; `append_refusals` then tells which command stands in whose way. The caller orders the batch: the commands of a
-- stream follow each other, so its sequences have no gap.
--
-- The events are inserted before it is this batch's turn, with the positions ($3) and the instant ($4) that they have
-- if the batch before commits. Two sessions take turns ($1): each holds the lock of its turn from the end of the one
-- before until the transaction of this one ends (`begin_append`), and waits for the turn before ($2) at its end, if it
-- is decided on top of that. Without a turn it waits for nobody. Whatever happened meanwhile, `end_append` lets the transaction commit only where nothing
-- came between.
-- What else is inserted with the events takes the places of the comments below.
with appended as (
    insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                        position, recorded_at, client, idempotency_key, request_hash, command_events)
    select e.stream_type, e.stream_id, e.sequence, e.type, e.version, e.payload, e.metadata,
           $3 + e.number + (select 0 from (select begin_append($1)) as mine), $4,
           e.client, e.key, e.request_hash, e.command_events
      from unnest($7::text[], $8::text[], $9::bigint[], $10::text[], $11::text[], $12::json[], $13::json[],
                  $14::text[], $15::text[], $16::bytea[], $17::int[])
           with ordinality as e (stream_type, stream_id, sequence, type, version, payload, metadata,
                                 client, key, request_hash, command_events, number)
    returning 1
)/* others */, turn as (
    select events, pg_advisory_xact_lock_shared($2) from (select count(*) as events from appended) as a/* after */
)
select end_append($3, events, $4, $5, $6, $1, $2) from turn
