-- Each loan after the last event that was known at position $2 and dated by the day $1. Where facts came out of order
-- around that day, the loan is to be derived from its events.
select l.id, l.position as first_position, l.borrower_id, l.currency, l.product, l.product_version, l.external_id,
       l.terms, l.metadata, l.created_at, l.by_time, s.status, s.approved_amount, s.approved_on, s.disbursed_amount, s.disbursed_on, s.closed_on,
       s.closed_because, s.late_fee, s.late_interest, s.penalty, s.fee, s.interest, s.principal, s.overpaid, s.credit,
       s.received, s.restructured_on, s.write_off, s.oldest_due_on, s.late_from, t.version, t.position, t.updated_at,
       s.on_day as last_on,
       n.disordered and n.last_on > $1 and exists (
           select from standing_changes j
            where j.loan_id = l.id and j.position <= $2 and j.on_day > $1
              and (j.position < s.position or j.counts_from <= $1)) as is_to_be_derived
  from loans l
  join standings n on n.loan_id = l.id
 cross join lateral (
       select c.version, c.position, c.updated_at
         from standing_changes c
        where c.loan_id = l.id and c.position <= $2
        order by c.position desc limit 1) t
 cross join lateral (
       select c.*
         from standing_changes c
        where c.loan_id = l.id and c.position <= $2 and c.on_day <= $1
        order by c.position desc limit 1) s
