-- Every proposal with where it is. `made`, `accepted` and `ended` are as in the events, `outcome` that of its execution.
create table proposals (
    id             uuid        primary key,
    status         text        not null,
    operation      text        not null,
    proposed_by    text        not null,
    path           text        not null,
    expires_on     date        not null,
    made           text        not null,
    accepted       text,
    ended          text,
    outcome        text,
    version        bigint      not null,
    first_position bigint      not null,
    position       bigint      not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null
);
