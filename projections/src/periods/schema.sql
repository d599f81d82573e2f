-- Every month that was ever closed or reopened by itself, as it was left by the last of these.
create table periods (
    month          text        primary key,
    is_closed      boolean     not null,
    closed_through date        not null,
    changed_on     date        not null,
    reason         text,
    position       bigint      not null,
    updated_at     timestamptz not null
);
