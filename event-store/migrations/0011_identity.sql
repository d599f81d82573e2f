-- What tells the log of one lender from those of others, where they are sent to the same place. A backup keeps it.
create table log_identity (
    only_row boolean primary key default true check (only_row),
    id       uuid    not null default gen_random_uuid()
);
insert into log_identity default values;
grant select on log_identity to razao_app;
