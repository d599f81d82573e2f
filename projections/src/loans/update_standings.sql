-- A column that the page did not move comes as null and keeps its value.
update standings s
   set status = n.status,
       approved_amount = coalesce(n.approved_amount, s.approved_amount),
       approved_on = coalesce(n.approved_on, s.approved_on),
       disbursed_amount = coalesce(n.disbursed_amount, s.disbursed_amount),
       disbursed_on = coalesce(n.disbursed_on, s.disbursed_on),
       closed_on = coalesce(n.closed_on, s.closed_on),
       closed_because = coalesce(n.closed_because, s.closed_because),
       late_fee = coalesce(n.late_fee, s.late_fee),
       late_interest = coalesce(n.late_interest, s.late_interest),
       penalty = coalesce(n.penalty, s.penalty),
       fee = coalesce(n.fee, s.fee),
       interest = coalesce(n.interest, s.interest),
       principal = coalesce(n.principal, s.principal),
       overpaid = coalesce(n.overpaid, s.overpaid),
       received = s.received + n.received,
       oldest_due_on = case when n.principal is null then s.oldest_due_on else n.oldest_due_on end,
       late_from = case when n.principal is null then s.late_from else n.late_from end,
       version = n.version,
       position = n.position,
       updated_at = n.updated_at
  from unnest($1::uuid[], $2::text[], $3::bigint[], $4::date[], $5::bigint[], $6::date[], $7::date[], $8::text[],
              $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],
              $15::bigint[], $16::bigint[], $17::date[], $18::date[], $19::bigint[], $20::bigint[],
              $21::timestamptz[])
       as n (loan_id, status, approved_amount, approved_on, disbursed_amount, disbursed_on, closed_on,
             closed_because, late_fee, late_interest, penalty, fee, interest, principal, overpaid, received,
             oldest_due_on, late_from, version, position, updated_at)
 where s.loan_id = n.loan_id
