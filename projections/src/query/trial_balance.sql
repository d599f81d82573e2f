select account, currency, sum(debits) as debits, sum(credits) as credits
  from read_balances.daily_balances
 where day <= $1 and ($2::text is null or currency = $2)
 group by account, currency
 order by currency, account
