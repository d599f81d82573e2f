select l.id, l.currency, l.product, l.borrower_id, s.status, s.disbursed_amount, s.late_fee, s.late_interest, s.penalty,
       s.fee, s.interest, s.principal, s.oldest_due_on, s.late_from,
       n.disordered and n.last_on > $1 and exists (
           select from standing_changes j
            where j.loan_id = l.id and j.position <= $2 and j.on_day > $1
              and (j.position < s.position or j.counts_from <= $1)) as is_to_be_derived
  from loans l
  join standings n on n.loan_id = l.id
 cross join lateral (
       select c.*
         from standing_changes c
        where c.loan_id = l.id and c.position <= $2 and c.on_day <= $1
        order by c.position desc limit 1) s
