-- The days of a month that is not summed as a whole.
create index daily_balances_booked_on on daily_balances (booked_on);
create index daily_balances_value_date on daily_balances (value_date);
create index block_balances_booked_on on block_balances (size, block, booked_on);
create index block_balances_value_date on block_balances (size, block, value_date);
