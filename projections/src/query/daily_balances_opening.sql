select b.account, b.currency, sum(b.debits - b.credits)
  from unnest($1::text[], $2::text[]) as k (account, currency)
  join read_balances.daily_balances b on b.account = k.account and b.currency = k.currency
 where b.day < $3
 group by b.account, b.currency
