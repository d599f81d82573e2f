-- A batch that has the head row locked first inserts at positions where another process may have inserted already, for a
-- batch whose turn it is not yet: each would wait for the other. So whoever locks the head row first (`lock_head`) has
-- the log for itself, and a batch that inserts beforehand (`begin_append`) begins only while nobody has or wants it.

-- To be called before anything is inserted. RZ004: another process is about to append. A turn is the number of a batch
-- among those of its process (event-store/src/append.sql); without one the head row is locked.
create function begin_append(turn bigint) returns void language plpgsql as $$
begin
    if turn is null then
        return;
    end if;
    -- Waiting could be in vain: the batch before this one may have to wait as well.
    if not pg_try_advisory_xact_lock_shared(hashtext('razao append'), 0) then
        raise exception 'others are about to append' using errcode = 'RZ004';
    end if;
    perform pg_advisory_xact_lock(turn), pg_advisory_unlock(turn), pg_advisory_lock(turn + 2);
end $$;

-- Which batch moved the head last: null where it had the log for itself.
alter table event_head add column turn bigint;

-- As before, and a batch that was decided on top of the one before is refused (RZ002) unless that one moved the head last: an
-- append of others may have as many events as it, so that the head stands where it would have put it.
drop function end_append(bigint, bigint, timestamptz, bigint, bigint);
create function end_append(
    after_position bigint, event_count bigint, at timestamptz, decided_under bigint, periods_then bigint,
    own_turn bigint, turn_before bigint
) returns void language plpgsql as $$
begin
    -- The statement has a snapshot of its own: it sees what was committed while this append waited for its turn.
    update event_head h
       set position = after_position + event_count, recorded_at = at, periods = coalesce(periods_then, h.periods),
           turn = own_turn
     where h.position = after_position and h.recorded_at <= at and (turn_before is null or h.turn = turn_before)
       and (decided_under is null or h.periods = decided_under);
    if found then
        return;
    end if;
    if exists (select from event_head h
                where h.position = after_position and h.recorded_at <= at
                  and (turn_before is null or h.turn = turn_before)) then
        raise exception 'an accounting period was closed or reopened' using errcode = 'RZ001';
    end if;
    if exists (select from event_head h where h.position < after_position) then
        raise exception 'what is to come before is not there yet, or never will be' using errcode = 'RZ003';
    end if;
    raise exception 'others have appended since' using errcode = 'RZ002';
end $$;

-- Where the log ends, and stays until the transaction does.
create function lock_head() returns table (head_position bigint, head_recorded_at timestamptz) language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtext('razao append'), 0);
    return query select h.position, h.recorded_at from event_head h for update;
end $$;

-- As before, for itself.
create or replace function fill_position() returns trigger language plpgsql as $$
begin
    perform lock_head();
    update event_head
       set position = position + 1, recorded_at = greatest(recorded_at, clock_timestamp()),
           periods = case
               when new.aggregate_type = 'Periods' and new.aggregate_id = '70657269-6f64-8000-8000-000000000001'
               then new.sequence else periods end, turn = null
     returning position, recorded_at into new.position, new.recorded_at;
    perform pg_notify('razao_events', '');
    return new;
end $$;
