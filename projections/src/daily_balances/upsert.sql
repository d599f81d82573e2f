insert into daily_balances as b (account, currency, day, debits, credits)
select * from unnest($1::text[], $2::text[], $3::date[], $4::numeric[], $5::numeric[])
    on conflict (account, currency, day) do update
       set debits = b.debits + excluded.debits, credits = b.credits + excluded.credits
