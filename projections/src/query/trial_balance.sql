select account, currency, sum(debits)::bigint as debits, sum(credits)::bigint as credits
  from read_balances.daily_balances
 where day <= $1 and ($2::text is null or currency = $2)
 group by account, currency
 order by currency, account
