-- Each loan of $3 after the last event that was known at position $2 and dated by the day $1. Without $3 each whose facts came
-- out of order, where later ones may count, or ($4) an earlier event after a later one. Where they came out of order around
-- that day, the loan is to be derived from its events (2). In the order of the index: twice as fast as across it.
select n.loan_id, n.borrower_id, n.currency, n.product, s.status, s.late_fee, s.late_interest, s.penalty, s.fee,
       s.interest, s.principal, s.oldest_due_on, s.late_from, s.disbursed_amount is not null as is_disbursed,
       case when n.disordered and n.last_on > $1 and exists (
                select from standing_changes j
                 where j.loan_id = n.loan_id and j.position <= $2 and j.on_day > $1
                   and (j.position < s.position or j.counts_from <= $1)) then 2 else 0 end as found, n.position
  from (
       select loan_id, borrower_id, currency, product, disordered, last_on, position
         from standings
        where case when $3::uuid[] is null
              then (position > $2 or last_on > $1) and disordered and (last_on > $1 or $4)
              else loan_id = any($3) end
        order by loan_id) n
 cross join lateral (
       select c.*
         from standing_changes c
        where c.loan_id = n.loan_id and c.position <= $2 and c.on_day <= $1
        order by c.position desc limit 1) s
