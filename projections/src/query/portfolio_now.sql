select l.id, l.currency, l.product, l.borrower_id, s.status, s.disbursed_amount, s.late_fee, s.late_interest, s.penalty,
       s.fee, s.interest, s.principal, s.oldest_due_on, s.late_from, false as is_to_be_derived
  from standings s
  join loans l on l.id = s.loan_id
