-- The log: the seven columns of postgres-es, so that its stock code reads and writes the table, plus a position and
-- the instant of recording that fill themselves.
create table events (
    aggregate_type text        not null,
    aggregate_id   text        not null,
    sequence       bigint      not null check (sequence >= 0),
    event_type     text        not null,
    event_version  text        not null,
    payload        json        not null,
    metadata       json        not null,
    position       bigint      not null check (position > 0),
    recorded_at    timestamptz not null,
    primary key (aggregate_type, aggregate_id, sequence)
);
create unique index events_position on events (position);

-- The one row that every append locks first, once per batch: so the order of positions is the order of commits,
-- without gaps, from several processes too, and `position > n order by position` never skips an event.
create table event_head (
    only_row    boolean     primary key default true check (only_row),
    position    bigint      not null,
    recorded_at timestamptz not null
);
insert into event_head (position, recorded_at) values (0, '-infinity');

-- A command's key, stored with its events. A repeat is answered from those events. Keys do not expire.
create table idempotency_keys (
    client         text   not null,
    key            text   not null,
    request_hash   bytea  not null,
    first_position bigint not null,
    event_count    int    not null,
    primary key (key, client)
);

-- Texts and ids that only one event of the whole log may bear, such as the external id of a receipt.
create table claims (
    kind     text   not null,
    value    text   not null,
    position bigint not null,
    primary key (kind, value)
);

-- What identifies a person stands beside the log, never in it; events hold the id alone.
create table borrowers (
    id     uuid primary key,
    tax_id text not null unique,
    name   text not null
);

-- Folded states of long streams: a cache that may be emptied at any time.
create table snapshots (
    aggregate_type   text   not null,
    aggregate_id     text   not null,
    last_sequence    bigint not null,
    snapshot_version int    not null,
    payload          text   not null,
    primary key (aggregate_type, aggregate_id)
);

-- The log only grows.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the log only grows: % of % is refused', lower(tg_op), tg_table_name
        using errcode = 'insufficient_privilege';
end $$;
create trigger only_append before update or delete or truncate on events
    for each statement execute function refuse_change();
create trigger only_append before update or delete or truncate on idempotency_keys
    for each statement execute function refuse_change();
create trigger only_append before update or delete or truncate on claims
    for each statement execute function refuse_change();
create trigger only_moves_on before delete or truncate on event_head
    for each statement execute function refuse_change();

-- A writer that knows nothing of positions (stock postgres-es) has them filled in, slower, from the same head row.
create function fill_position() returns trigger language plpgsql as $$
begin
    update event_head
       set position = position + 1, recorded_at = greatest(recorded_at, clock_timestamp())
     returning position, recorded_at into new.position, new.recorded_at;
    perform pg_notify('razao_events', '');
    return new;
end $$;
create trigger fill_position before insert on events
    for each row when (new.position is null) execute function fill_position();
