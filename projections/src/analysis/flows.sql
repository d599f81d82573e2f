with changes as (
    select l.currency, l.product, c.on_day,
           coalesce(c.disbursed_amount, 0) - coalesce(p.disbursed_amount, 0) as disbursed,
           c.received - coalesce(p.received, 0) as collected,
           c.written_off - coalesce(p.written_off, 0) as written_off,
           c.recovered - coalesce(p.recovered, 0) as recovered
      from read_loans.standing_changes c
      join read_loans.loans l on l.id = c.loan_id
      left join lateral (select b.disbursed_amount, b.received, b.written_off, b.recovered
                           from read_loans.standing_changes b
                          where b.loan_id = c.loan_id and b.position < c.position
                          order by b.position desc limit 1) p on true
     where c.position > $1 and c.position <= $2)
select currency, product, on_day as value_date, bi.amount(sum(disbursed), currency) as disbursed,
       bi.amount(sum(collected), currency) as collected, bi.amount(sum(written_off), currency) as written_off,
       bi.amount(sum(recovered), currency) as recovered
  from changes
 where (disbursed, collected, written_off, recovered) <> (0, 0, 0, 0)
 group by currency, product, on_day
 order by currency, product, on_day
