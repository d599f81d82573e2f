select id, type, value_date, amount, overpaid, allocation, external_id, reversed_on, reversal_reason, position,
       recorded_at
  from read_loans.transactions
 where loan_id = $1
 order by value_date, position, id
