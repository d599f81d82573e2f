-- Batches are appended by a statement of the process that sends them (event-store/src/append.sql), so that the next one
-- can insert its events while this one commits: the head row is locked last, and says whether they may stand there.
-- With it stands the sequence of the last event of the accounting periods, which each append depends on.
alter table event_head add column periods bigint not null default 0;
update event_head set periods = coalesce((
    select max(e.sequence) from events e
     where e.aggregate_type = 'Periods' and e.aggregate_id = '70657269-6f64-8000-8000-000000000001'), 0);
drop function append_events;

-- Ends an append whose events stand after `after_position`: nothing may have come between. RZ001: a period was closed or
-- reopened since the events were decided (`decided_under`, unless they do not depend on it). RZ002: others
-- appended. RZ003: the batch before did not.
-- `periods_then` is the sequence of the last of the events that are the periods' own.
create function end_append(
    after_position bigint, event_count bigint, at timestamptz, decided_under bigint, periods_then bigint
) returns void language plpgsql as $$
begin
    -- The statement has a snapshot of its own: it sees what was committed while this append waited for its turn.
    update event_head h
       set position = after_position + event_count, recorded_at = at, periods = coalesce(periods_then, h.periods)
     where h.position = after_position and h.recorded_at <= at
       and (decided_under is null or h.periods = decided_under);
    if found then
        return;
    end if;
    if exists (select from event_head h where h.position = after_position and h.recorded_at <= at) then
        raise exception 'an accounting period was closed or reopened' using errcode = 'RZ001';
    end if;
    if exists (select from event_head h where h.position < after_position) then
        raise exception 'what is to come before is not there yet, or never will be' using errcode = 'RZ003';
    end if;
    raise exception 'others have appended since' using errcode = 'RZ002';
end $$;

-- As before, and the periods are kept up with.
create or replace function fill_position() returns trigger language plpgsql as $$
begin
    update event_head
       set position = position + 1, recorded_at = greatest(recorded_at, clock_timestamp()),
           periods = case
               when new.aggregate_type = 'Periods' and new.aggregate_id = '70657269-6f64-8000-8000-000000000001'
               then new.sequence else periods end
     returning position, recorded_at into new.position, new.recorded_at;
    perform pg_notify('razao_events', '');
    return new;
end $$;

-- What a request asked for is known again by its hash, which stands with the command's key. A hash of few unknowns, such as
-- a person's tax id, could be guessed by trying; not so together with this secret, which is in no event.
create table log_secret (
    only_row boolean primary key default true check (only_row),
    secret   bytea   not null check (length(secret) = 32)
);
insert into log_secret (secret)
values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));
create trigger only_one before update or delete or truncate on log_secret
    for each statement execute function refuse_change();
grant select on log_secret to razao_app;

alter table events disable trigger only_append;
update events set request_hash = sha256((select secret from log_secret) || request_hash) where request_hash is not null;
alter table events enable trigger only_append;
