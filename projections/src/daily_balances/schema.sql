-- What each account was debited and credited, in the currency's smallest unit: sums that no number of lines can make
-- too large. By the day on which it is booked, by the value date (which differs where that lies in a closed period),
-- and by the product of the loan ('' where there is none). `last_position` is the last event in the sums.
-- What an account opens and closes a day with is a sum over it.
create table daily_balances (
    account       text    collate "C" not null,
    currency      text    collate "C" not null,
    booked_on     date    not null,
    value_date    date    not null,
    product       text    collate "C" not null,
    debits        numeric not null,
    credits       numeric not null,
    last_position bigint  not null,
    primary key (account, currency, booked_on, value_date, product)
) with (fillfactor = 70);

-- The same by blocks of the log, so that what was known at a position is a sum over the blocks before it. A block of
-- a size holds 2^size positions; number n holds those from n * 2^size on (ADR 0018).
create table block_balances (
    size          int     not null,
    block         bigint  not null,
    account       text    collate "C" not null,
    currency      text    collate "C" not null,
    booked_on     date    not null,
    value_date    date    not null,
    product       text    collate "C" not null,
    debits        numeric not null,
    credits       numeric not null,
    last_position bigint  not null,
    primary key (size, block, account, currency, booked_on, value_date, product)
) with (fillfactor = 70);

-- The same by months, named by their first day, of each block and of the whole log (size 0, block 0): the balance of an account
-- is a sum over the months and the days of those that are not summed as a whole.
create table monthly_balances (
    size          int     not null,
    block         bigint  not null,
    account       text    collate "C" not null,
    currency      text    collate "C" not null,
    booked_month  date    not null,
    value_month   date    not null,
    product       text    collate "C" not null,
    debits        numeric not null,
    credits       numeric not null,
    primary key (size, block, account, currency, booked_month, value_month, product)
) with (fillfactor = 70);

-- Of which product each loan is: its later events do not say.
create table loan_products (
    loan_id uuid primary key,
    product text not null
);
