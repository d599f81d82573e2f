select l.id, l.position as first_position, l.borrower_id, l.currency, l.product, l.product_version, l.external_id,
       l.terms, l.metadata, l.created_at, l.by_time, s.status, s.approved_amount, s.approved_on, s.disbursed_amount, s.disbursed_on, s.closed_on,
       s.closed_because, s.late_fee, s.late_interest, s.penalty, s.fee, s.interest, s.principal, s.overpaid, s.credit,
       s.received, s.restructured_on, s.write_off, s.oldest_due_on, s.late_from, s.version, s.position, s.updated_at,
       s.last_on, false as is_to_be_derived
  from loans l
  join standings s on s.loan_id = l.id
