select booked_on, value_date, side, amount, currency, stream_id, position, line
  from journal_lines
 where account = $1 and (booked_on, position, line) > ($2, $3, $4)
   and booked_on <= coalesce($5::date, 'infinity') and ($6::text is null or currency = $6)
   and ($8::bigint is null or position <= $8) and ($9::date is null or value_date <= $9)
 order by booked_on, position, line
 limit $7
