-- Every loan that was disbursed, after the last event that was known at position $2 and dated by the day $1, of the rows from
-- $3 up to $4. One to which nothing happened since is as it stands. Where facts came out of order around that day, the loan is
-- to be derived from its events. The others are looked up in the order of the index: twice as fast as across it.
select s.loan_id, s.borrower_id, s.currency, s.product, s.status, s.late_fee, s.late_interest, s.penalty, s.fee,
       s.interest, s.principal, s.oldest_due_on, s.late_from, false as is_to_be_derived
  from standings s
 where s.position <= $2 and s.last_on <= $1 and s.disbursed_amount is not null
   and s.ctid >= $3::text::tid and s.ctid < $4::text::tid
 union all
select s.loan_id, s.borrower_id, s.currency, s.product, s.status, s.late_fee, s.late_interest, s.penalty, s.fee,
       s.interest, s.principal, s.oldest_due_on, s.late_from, s.is_to_be_derived
  from (
       select n.loan_id, n.borrower_id, n.currency, n.product, s.status, s.late_fee, s.late_interest, s.penalty, s.fee,
              s.interest, s.principal, s.oldest_due_on, s.late_from,
              n.disordered and n.last_on > $1 and exists (
                  select from standing_changes j
                   where j.loan_id = n.loan_id and j.position <= $2 and j.on_day > $1
                     and (j.position < s.position or j.counts_from <= $1)) as is_to_be_derived, s.disbursed_amount
         from (
              select loan_id, borrower_id, currency, product, disordered, last_on
                from standings
               where (position > $2 or last_on > $1) and ctid >= $3::text::tid and ctid < $4::text::tid
               order by loan_id) n
        cross join lateral (
              select c.*
                from standing_changes c
               where c.loan_id = n.loan_id and c.position <= $2 and c.on_day <= $1
               order by c.position desc limit 1) s) s
 where s.disbursed_amount is not null or s.is_to_be_derived
