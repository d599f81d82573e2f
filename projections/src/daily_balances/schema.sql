-- What each account was debited and credited on each day on which it moved, in the currency's smallest unit: sums
-- that no number of lines can make too large.
-- Opening and closing balances, and the trial balance of a day, are sums over it.
create table daily_balances (
    account  text   collate "C" not null,
    currency text   collate "C" not null,
    day      date   not null,
    debits   numeric not null,
    credits  numeric not null,
    primary key (account, currency, day)
) with (fillfactor = 70);
