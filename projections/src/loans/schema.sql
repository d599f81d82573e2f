-- What the lists of loans and the portfolio are answered from; one loan is read from its events. All amounts are in the
-- smallest unit of the loan's currency.

-- What does not change after the application. `terms` is the JSON of the event; `by_time` says when time alone moves what
-- is owed by them.
create table loans (
    id              uuid        primary key,
    position        bigint      not null,
    borrower_id     uuid        not null,
    currency        text        not null,
    product         text,
    product_version int,
    external_id     text,
    terms           text        not null,
    metadata        text        not null,
    created_at      timestamptz not null,
    by_time         text        not null
);

-- How each loan stands: the row that every event of it rewrites. Narrow, none of its changing columns indexed, and
-- with room on each page, so that the new version of a row stays beside the old one (HOT).
create table standings (
    loan_id          uuid        primary key,
    status           text        not null,
    approved_amount  bigint,
    approved_on      date,
    disbursed_amount bigint,
    disbursed_on     date,
    closed_on        date,
    closed_because   text,
    late_fee         bigint      not null,
    late_interest    bigint      not null,
    penalty          bigint      not null,
    fee              bigint      not null,
    interest         bigint      not null,
    principal        bigint      not null,
    overpaid         bigint      not null,
    credit           bigint      not null,
    received         bigint      not null,
    recovered        bigint      not null,
    restructured_on  date,
    -- What the write-off that stands took off the books, and the JSON of it, by component.
    written_off      bigint      not null,
    write_off        text,
    oldest_due_on    date,
    late_from        date,
    version          bigint      not null,
    position         bigint      not null,
    updated_at       timestamptz not null,
    -- The latest value date of its events, and whether one of them ever counted before an earlier one.
    last_on          date        not null,
    disordered       boolean     not null,
    -- As in `loans`, whose rows are too wide for who looks at all of them.
    borrower_id      uuid        not null,
    currency         text        not null,
    product          text
) with (fillfactor = 50);

-- How each loan stood after each of its events: `on_day` is the event's value date, `counts_from` the first day of
-- which it changes how the loan stood (ADR 0018). `fact_id` names what a later event may undo. The day is part of the key,
-- so that what is dated later is passed over without reading its row.
create table standing_changes (
    loan_id          uuid        not null,
    status           text        not null,
    approved_amount  bigint,
    approved_on      date,
    disbursed_amount bigint,
    disbursed_on     date,
    closed_on        date,
    closed_because   text,
    late_fee         bigint      not null,
    late_interest    bigint      not null,
    penalty          bigint      not null,
    fee              bigint      not null,
    interest         bigint      not null,
    principal        bigint      not null,
    overpaid         bigint      not null,
    credit           bigint      not null,
    received         bigint      not null,
    recovered        bigint      not null,
    restructured_on  date,
    written_off      bigint      not null,
    write_off        text,
    oldest_due_on    date,
    late_from        date,
    version          bigint      not null,
    position         bigint      not null,
    updated_at       timestamptz not null,
    on_day           date        not null,
    counts_from      date        not null,
    fact_id          uuid,
    primary key (loan_id, position, on_day)
);

-- What was disbursed, collected, written off and recovered on each value date, by the currency and the product ('' where
-- there is none) of the loan: of all loans (size 0, block 0), and by blocks of the log as `block_balances` has them.
create table flows (
    size        int    not null,
    block       bigint not null,
    currency    text   collate "C" not null,
    product     text   collate "C" not null,
    on_day      date   not null,
    disbursed   numeric not null,
    collected   numeric not null,
    written_off numeric not null,
    recovered   numeric not null,
    primary key (size, block, currency, product, on_day)
) with (fillfactor = 70);
