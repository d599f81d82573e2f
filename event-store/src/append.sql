-- Appends a batch of commands, all or nothing: a unique violation says that a stream moved on, or that a key or a claim is
-- taken; `append_refusals` then tells which command stands in whose way. The caller orders the batch: the commands of a
-- stream follow each other, so its sequences have no gap.
--
-- The events are inserted before it is this batch's turn, with the positions ($18, after $3) and the instant ($4) that
-- they have if the batch before commits. Two sessions take turns ($1): each holds the lock of its turn from the end of the one
-- before until the transaction of this one ends (`begun`), and waits for the turn before ($2) at its end, if it
-- is decided on top of that. Without a turn it waits for nobody. Whatever happened meanwhile, `end_append` lets the
-- transaction commit only where nothing came between.
--
-- It begins only while nobody has or wants the head row: waiting could be in vain, as the batch before may have to wait
-- as well.
--
-- The arrays are unnested in a list of columns, side by side: as a table they would be copied first. Nothing else stands
-- there that makes rows: the database would take them to be a thousand, and plan each batch anew.
--
-- What else is inserted with the events takes the places of the comments below.
with appended as (
    insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                        position, recorded_at, client, idempotency_key, request_hash, command_events)
    select e.stream_type, e.stream_id, e.sequence, e.type, e.version, e.payload, e.metadata,
           e.position + (select case
               when $1 is null then 0
               when not pg_try_advisory_xact_lock_shared(hashtext('razao append'), 0)
                    or pg_advisory_xact_lock($1) is null or not pg_advisory_unlock($1)
                    or pg_advisory_lock($1 + 2) is null then others_append()
               else 0 end as begun),
           $4, e.client, e.key, e.request_hash, e.command_events
      from (select unnest($7::text[]) as stream_type, unnest($8::text[]) as stream_id,
                   unnest($9::bigint[]) as sequence, unnest($18::bigint[]) as position,
                   unnest($10::text[]) as type, unnest($11::text[]) as version,
                   unnest($12::json[]) as payload, unnest($13::json[]) as metadata,
                   unnest($14::text[]) as client, unnest($15::text[]) as key,
                   unnest($16::bytea[]) as request_hash, unnest($17::int[]) as command_events) as e
    returning 1
)/* others */, turn as (
    select events, pg_advisory_xact_lock_shared($2) from (select count(*) as events from appended) as a/* after */
)
select end_append($3, events, $4, $5, $6, $1, $2) from turn
