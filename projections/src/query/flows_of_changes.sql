select l.currency, c.on_day, (coalesce(c.disbursed_amount, 0) - coalesce(p.disbursed_amount, 0))::numeric,
       (c.received - coalesce(p.received, 0))::numeric, (c.written_off - coalesce(p.written_off, 0))::numeric,
       (c.recovered - coalesce(p.recovered, 0))::numeric
  from standing_changes c
  join loans l on l.id = c.loan_id
  left join lateral (
       select b.disbursed_amount, b.received, b.written_off, b.recovered
         from standing_changes b
        where b.loan_id = c.loan_id and b.position < c.position
        order by b.position desc limit 1) p on true
 where c.position <= $2
   and (coalesce(c.disbursed_amount, 0), c.received, c.written_off, c.recovered)
       is distinct from (coalesce(p.disbursed_amount, 0), coalesce(p.received, 0), coalesce(p.written_off, 0),
                         coalesce(p.recovered, 0))
