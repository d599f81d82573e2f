update transactions t
   set late_fee = r.late_fee, late_interest = r.late_interest, penalty = r.penalty, fee = r.fee,
       interest = r.interest, principal = r.principal, overpaid = r.overpaid, allocation = r.allocation
  from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
              $8::bigint[], $9::bigint[], $10::text[])
       as r (loan_id, id, late_fee, late_interest, penalty, fee, interest, principal, overpaid, allocation)
 where t.loan_id = r.loan_id and t.id = r.id
