update standings s
   set status = n.status, approved_amount = n.approved_amount, approved_on = n.approved_on,
       disbursed_amount = n.disbursed_amount, disbursed_on = n.disbursed_on, closed_on = n.closed_on,
       closed_because = n.closed_because, late_fee = n.late_fee, late_interest = n.late_interest, penalty = n.penalty,
       fee = n.fee, interest = n.interest, principal = n.principal, overpaid = n.overpaid, credit = n.credit,
       received = n.received, recovered = n.recovered, restructured_on = n.restructured_on,
       written_off = n.written_off, write_off = n.write_off, oldest_due_on = n.oldest_due_on, late_from = n.late_from,
       version = n.version, position = n.position, updated_at = n.updated_at, last_on = n.last_on,
       disordered = n.disordered
  from unnest($1::uuid[], $2::text[], $3::bigint[], $4::date[], $5::bigint[], $6::date[], $7::date[], $8::text[],
              $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],
              $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::date[], $20::bigint[], $21::text[],
              $22::date[], $23::date[], $24::bigint[], $25::bigint[], $26::timestamptz[], $27::date[], $28::boolean[])
       as n (loan_id, status, approved_amount, approved_on, disbursed_amount, disbursed_on, closed_on,
             closed_because, late_fee, late_interest, penalty, fee, interest, principal, overpaid, credit, received,
             recovered, restructured_on, written_off, write_off, oldest_due_on, late_from, version, position,
             updated_at, last_on, disordered)
 where s.loan_id = n.loan_id
