select account, currency
  from read_balances.daily_balances
 where (account, currency) >= ($1, $2)
   and ($3::text is null or account = $3) and ($4::text is null or currency = $4)
 group by account, currency
 order by account, currency
 limit $5
