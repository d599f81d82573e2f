select account, currency, booked_on, sum(amount) filter (where side = 'debit') as debits,
       sum(amount) filter (where side = 'credit') as credits,
       sum(sum(case side when 'debit' then amount else -amount end))
           over (partition by account, currency order by booked_on) as closing,
       max(position) as position
  from bi.journal_lines
 where position <= $2 and $1::bigint >= 0
 group by account, currency, booked_on
 order by account, currency, booked_on
