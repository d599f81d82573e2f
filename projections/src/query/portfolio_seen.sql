-- Every loan as it stood after the last event that was known at position $2 and dated by the day $1. One to which nothing
-- happened since is as it stands. Of most others the last event is among those from the day $3 on and after position $4: going
-- through these takes a fifth of looking each loan up. What is not among them has to be looked up (1). Left out are loans
-- whose facts came out of order, where later ones may count, or ($5) an earlier event after a later one.
select s.loan_id, s.borrower_id, s.currency, s.product, s.status, s.late_fee, s.late_interest, s.penalty, s.fee,
       s.interest, s.principal, s.oldest_due_on, s.late_from, s.disbursed_amount is not null as is_disbursed, 0 as found
  from standings s
 where s.position <= $2 and s.last_on <= $1
 union all
select n.loan_id, n.borrower_id, n.currency, n.product, c.status, c.late_fee, c.late_interest, c.penalty, c.fee,
       c.interest, c.principal, c.oldest_due_on, c.late_from, c.is_disbursed,
       case when c.loan_id is null then 1 else 0 end as found
  from standings n
  left join (
       select distinct on (loan_id)
              loan_id, status, late_fee, late_interest, penalty, fee, interest, principal, oldest_due_on, late_from,
              disbursed_amount is not null as is_disbursed
         from standing_changes
        where on_day >= $3 and on_day <= $1 and position > $4 and position <= $2
        order by loan_id, position desc) c
    on c.loan_id = n.loan_id
 where (n.position > $2 or n.last_on > $1) and not (n.disordered and (n.last_on > $1 or $5))
