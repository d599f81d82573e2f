select account, currency, sum(debits)::bigint as debits, sum(credits)::bigint as credits
  from read_balances.daily_balances
 where (account, currency) > ($1, $2)
 group by account, currency
 order by account, currency
 limit $3
