select booked_on, value_date, side, amount, currency, stream_id, position, line
  from journal_lines
 where account = $1 and (booked_on, position, line) > ($2, $3, $4)
   and ($5::date is null or booked_on >= $5) and ($6::date is null or booked_on <= $6)
   and ($7::text is null or currency = $7)
   and ($9::bigint is null or position <= $9) and ($10::date is null or value_date <= $10)
 order by booked_on, position, line
 limit $8
