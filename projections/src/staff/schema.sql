-- The limits of everybody who has any, as in the event, and the policy: what of it was set last.
create table limits (
    subject    text        primary key,
    limits     text        not null,
    changed_on date        not null,
    reason     text,
    position   bigint      not null,
    updated_at timestamptz not null
);
create table policies (
    name       text        primary key,
    limits     text        not null,
    changed_on date        not null,
    reason     text,
    position   bigint      not null,
    updated_at timestamptz not null
);
