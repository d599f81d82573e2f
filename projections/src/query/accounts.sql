select account, currency, sum(debits) as debits, sum(credits) as credits
  from read_balances.daily_balances
 where (account, currency) > ($1, $2)
 group by account, currency
 order by account, currency
 limit $3
