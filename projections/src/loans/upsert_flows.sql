insert into flows as f (size, block, currency, product, on_day, disbursed, collected, written_off, recovered)
select * from unnest($1::int[], $2::bigint[], $3::text[], $4::text[], $5::date[], $6::numeric[], $7::numeric[],
                     $8::numeric[], $9::numeric[])
    on conflict (size, block, currency, product, on_day) do update
       set disbursed = f.disbursed + excluded.disbursed, collected = f.collected + excluded.collected,
           written_off = f.written_off + excluded.written_off, recovered = f.recovered + excluded.recovered
