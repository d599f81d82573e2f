update transactions t
   set reversed_on = r.reversed_on, reversal_reason = r.reason
  from unnest($1::uuid[], $2::uuid[], $3::date[], $4::text[]) as r (loan_id, id, reversed_on, reason)
 where t.loan_id = r.loan_id and t.id = r.id
