select * from bi.journal_lines where position > $1 and position <= $2 order by position, line
