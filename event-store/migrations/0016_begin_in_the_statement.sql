-- A batch begins by its own statement (event-store/src/append.sql): a function for that costs a batch more than what it does.
drop function begin_append;

-- Others have or want the head row (`lock_head`): RZ004.
create function others_append() returns int language plpgsql as $$
begin
    raise exception 'others are about to append' using errcode = 'RZ004';
end $$;
