select * from bi.loan_changes where position > $1 and position <= $2 order by position, loan_id
