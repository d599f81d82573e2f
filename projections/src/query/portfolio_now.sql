-- Every loan that was disbursed, after its last event.
select s.loan_id, s.borrower_id, s.currency, s.product, s.status, s.late_fee, s.late_interest, s.penalty, s.fee,
       s.interest, s.principal, s.oldest_due_on, s.late_from, true as is_disbursed, 0 as found
  from standings s
 where s.disbursed_amount is not null
