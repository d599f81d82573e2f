-- The server works as a role that can add to the log and read it, and nothing else.
do $$
begin
    create role razao_app nologin;
exception when duplicate_object or unique_violation then
    null; -- the role belongs to the whole cluster, and another database made it
end $$;
do $$
begin
    execute format('grant razao_app to %I', current_user);
end $$;
grant usage on schema public to razao_app;
grant select, insert on events, idempotency_keys, claims to razao_app;
grant select, insert, update on event_head, borrowers to razao_app;
grant select, insert, update, delete on snapshots to razao_app;
