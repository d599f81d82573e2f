drop view if exists bi.daily_balances;
create view bi.daily_balances as
    select account, currency, booked_on, bi.amount(sum(debits), currency) as debits,
           bi.amount(sum(credits), currency) as credits,
           bi.amount(sum(sum(debits - credits)) over (partition by account, currency order by booked_on), currency)
               as closing,
           max(last_position) as position
      from read_balances.daily_balances
     group by account, currency, booked_on;
comment on view bi.daily_balances is 'What each account was debited and credited on each accounting day on which it '
    'moved, and its balance (debits less credits) at the end of it.';
