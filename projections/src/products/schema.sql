-- Products as new loans see them, and every version that they ever had. `terms` and `limits` are as in the event.
create table products (
    id                uuid        primary key,
    name              text        not null,
    currency          text        not null,
    version           int         not null,
    retired_on        date,
    retirement_reason text,
    first_position    bigint      not null,
    position          bigint      not null,
    created_at        timestamptz not null,
    updated_at        timestamptz not null
);
create table versions (
    product_id  uuid        not null,
    version     int         not null,
    defined_on  date        not null,
    terms       text        not null,
    limits      text        not null,
    position    bigint      not null,
    recorded_at timestamptz not null,
    primary key (product_id, version)
);
