drop view if exists bi.journal_lines;
create view bi.journal_lines as
    select position, line, stream_id, account, currency, side, bi.amount(amount, currency) as amount, booked_on,
           value_date
      from read_journal.journal_lines;
comment on view bi.journal_lines is 'The journal: a row for each debit and each credit, by the position of its event. '
    'stream_id is the loan, the entry, or the day that was closed.';
