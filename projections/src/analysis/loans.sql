select l.loan_id, l.borrower_id, l.currency, l.product, l.product_version, l.external_id, l.created_at, c.status,
       c.value_date as last_value_date, c.principal, c.interest, c.fee, c.penalty, c.late_fee, c.late_interest,
       c.received, c.written_off, c.oldest_due_on, c.late_from, c.recorded_at as updated_at, c.version, c.position
  from bi.loans l
  join lateral (select * from bi.loan_changes c
                 where c.loan_id = l.loan_id and c.position <= $2 and $1::bigint >= 0
                 order by c.position desc limit 1) c on true
 order by l.loan_id
