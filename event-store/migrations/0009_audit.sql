-- The Merkle tree over the log (ADR 0017), as tiles: 256 hashes of 32 bytes in a full one. A tile only grows.
create table audit_tiles (
    level  int    not null check (level >= 0),
    index  bigint not null check (index >= 0),
    hashes bytea  not null check (length(hashes) % 32 = 0 and length(hashes) between 32 and 8192),
    primary key (level, index)
);
-- Hashes cannot be compressed.
alter table audit_tiles alter column hashes set storage external;

create function refuse_other_hashes() returns trigger language plpgsql as $$
begin
    if substr(new.hashes, 1, length(old.hashes)) <> old.hashes or (new.level, new.index) <> (old.level, old.index) then
        raise exception 'a tile only grows: level %, index %', old.level, old.index
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger only_grows before update on audit_tiles for each row execute function refuse_other_hashes();
create trigger only_grows_too before delete or truncate on audit_tiles
    for each statement execute function refuse_change();

-- Every checkpoint that was ever signed, as a signed note. Each comes after one other, and nothing else does: so two
-- who seal at once cannot part ways.
create table audit_checkpoints (
    size      bigint      primary key,
    previous  bigint      not null unique check (previous >= 0 and previous < size),
    note      text        not null,
    signed_at timestamptz not null default clock_timestamp()
);
create trigger only_append before update or delete or truncate on audit_checkpoints
    for each statement execute function refuse_change();

grant select, insert, update on audit_tiles to razao_app;
grant select, insert on audit_checkpoints to razao_app;
