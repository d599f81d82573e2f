, disbursed as materialized (
    select v.*, v.late_fee + v.late_interest + v.penalty + v.fee + v.interest + v.principal as total,
           width_bucket(case when v.late_from <= $3 then $3 - v.oldest_due_on else 0 end, $4::int[]) as bucket
      from seen v
     where v.disbursed_amount is not null or v.is_to_be_derived
), borrowers as (
    select currency, borrower_id, count(*) filter (where not is_to_be_derived) as loans,
           coalesce(sum(total) filter (where not is_to_be_derived), 0) as total,
           bool_or(is_to_be_derived) as has_derived,
           rank() over (partition by currency
                        order by coalesce(sum(total) filter (where not is_to_be_derived), 0) desc, borrower_id) as place
      from disbursed
     where status <> 'written_off' or is_to_be_derived
     group by currency, borrower_id
)
select currency, product, status, bucket, case when is_to_be_derived then id end as derive, null::uuid as borrower_id,
       count(*) as loans, sum(late_fee)::bigint as late_fee, sum(late_interest)::bigint as late_interest,
       sum(penalty)::bigint as penalty, sum(fee)::bigint as fee, sum(interest)::bigint as interest,
       sum(principal)::bigint as principal, null::numeric as total
  from disbursed
 group by 1, 2, 3, 4, 5
 union all
select currency, null, '', 0, null, borrower_id, loans, 0, 0, 0, 0, 0, 0, total
  from borrowers
 where has_derived or place <= $5
