-- Loans and what happened to them. All amounts are in the smallest unit of the loan's currency.

-- What does not change after the application. `terms` is the JSON of the event.
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
    created_at      timestamptz not null
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
    received         bigint      not null,
    oldest_due_on    date,
    late_from        date,
    version          bigint      not null,
    position         bigint      not null,
    updated_at       timestamptz not null
) with (fillfactor = 50);

-- The plan as it was agreed. What was paid of it follows from `transactions` and is derived when it is asked for:
-- a flag that is set once goes wrong with the first backdated fact.
create table installments (
    loan_id     uuid   not null,
    number      int    not null,
    from_on     date   not null,
    due_on      date   not null,
    days        int    not null,
    principal   bigint not null,
    interest    bigint not null,
    fees        bigint not null,
    tax         bigint not null,
    total       bigint not null,
    balance     bigint not null,
    capitalized bigint
);

create table charges (
    loan_id     uuid   not null,
    id          uuid   not null,
    added_on    date   not null,
    kind        text   not null,
    component   text   not null,
    amount      bigint not null,
    due_on      date   not null,
    installment int    not null,
    position    bigint not null
);

-- Money that came or went, and credits. `allocation` is the JSON of the effect as it was decided last: the shares by
-- installment, and the installments that changed with it. The first disbursement has none.
create table transactions (
    loan_id         uuid        not null,
    id              uuid        not null,
    type            text        not null,
    value_date      date        not null,
    amount          bigint      not null,
    late_fee        bigint      not null,
    late_interest   bigint      not null,
    penalty         bigint      not null,
    fee             bigint      not null,
    interest        bigint      not null,
    principal       bigint      not null,
    overpaid        bigint      not null,
    allocation      text,
    external_id     text,
    reversed_on     date,
    reversal_reason text,
    position        bigint      not null,
    recorded_at     timestamptz not null,
    primary key (loan_id, id)
);
