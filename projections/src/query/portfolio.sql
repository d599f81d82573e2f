with disbursed as (
    select l.currency, l.product, s.*, s.status = 'written_off' as is_lost,
           width_bucket(case when s.late_from <= $1 then $1 - s.oldest_due_on else 0 end, $2::int[]) as bucket
      from read_loans.standings s
      join read_loans.loans l on l.id = s.loan_id
     where s.disbursed_amount is not null
)
select currency, product, bucket, count(*) as loans, sum(disbursed_amount)::bigint as disbursed,
       sum(received)::bigint as collected,
       coalesce(sum(late_fee) filter (where not is_lost), 0)::bigint as late_fee,
       coalesce(sum(late_interest) filter (where not is_lost), 0)::bigint as late_interest,
       coalesce(sum(penalty) filter (where not is_lost), 0)::bigint as penalty,
       coalesce(sum(fee) filter (where not is_lost), 0)::bigint as fee,
       coalesce(sum(interest) filter (where not is_lost), 0)::bigint as interest,
       coalesce(sum(principal) filter (where not is_lost), 0)::bigint as principal,
       sum(written_off)::bigint as written_off, sum(recovered)::bigint as recovered
  from disbursed
 group by currency, product, bucket
