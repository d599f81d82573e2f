insert into monthly_balances as b
       (account, currency, booked_month, value_month, product, debits, credits, size, block)
select account, currency, booked_month, value_month, product, debits, credits, size, block
  from unnest($1::text[], $2::text[], $3::date[], $4::date[], $5::text[], $6::numeric[], $7::numeric[],
              $8::bigint[], $9::int[], $10::bigint[])
       as m (account, currency, booked_month, value_month, product, debits, credits, last_position, size, block)
    on conflict (size, block, account, currency, booked_month, value_month, product) do update
       set debits = b.debits + excluded.debits, credits = b.credits + excluded.credits
