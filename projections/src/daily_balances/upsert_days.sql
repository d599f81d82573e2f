insert into daily_balances as b
       (account, currency, booked_on, value_date, product, debits, credits, last_position)
select * from unnest($1::text[], $2::text[], $3::date[], $4::date[], $5::text[], $6::numeric[], $7::numeric[],
                     $8::bigint[])
    on conflict (account, currency, booked_on, value_date, product) do update
       set debits = b.debits + excluded.debits, credits = b.credits + excluded.credits,
           last_position = greatest(b.last_position, excluded.last_position)
