drop view if exists bi.loans, bi.loan_changes, bi.flows;
create view bi.loans as
    select l.id as loan_id, l.borrower_id, l.currency, l.product, l.product_version, l.external_id, l.created_at,
           s.status, bi.amount(s.approved_amount, l.currency) as approved_amount, s.approved_on,
           bi.amount(s.disbursed_amount, l.currency) as disbursed_amount, s.disbursed_on,
           bi.amount(s.principal, l.currency) as principal, bi.amount(s.interest, l.currency) as interest,
           bi.amount(s.fee, l.currency) as fee, bi.amount(s.penalty, l.currency) as penalty,
           bi.amount(s.late_fee, l.currency) as late_fee, bi.amount(s.late_interest, l.currency) as late_interest,
           bi.amount(s.received, l.currency) as received, bi.amount(s.recovered, l.currency) as recovered,
           bi.amount(s.written_off, l.currency) as written_off, bi.amount(s.overpaid, l.currency) as overpaid,
           bi.amount(s.credit, l.currency) as credit, s.oldest_due_on, s.late_from, s.restructured_on, s.closed_on,
           s.updated_at, s.version, s.position
      from read_loans.loans l
      join read_loans.standings s on s.loan_id = l.id;
comment on view bi.loans is 'A row for each loan, as it stands after its last event: what is owed by component. Days '
    'past due on a day D are D - oldest_due_on where late_from <= D, else 0.';
create view bi.loan_changes as
    select c.loan_id, l.currency, l.product, c.position, c.version, c.updated_at as recorded_at,
           nullif(c.on_day, date '0001-01-01') as value_date, c.status, bi.amount(c.principal, l.currency) as principal,
           bi.amount(c.interest, l.currency) as interest, bi.amount(c.fee, l.currency) as fee,
           bi.amount(c.penalty, l.currency) as penalty, bi.amount(c.late_fee, l.currency) as late_fee,
           bi.amount(c.late_interest, l.currency) as late_interest, bi.amount(c.received, l.currency) as received,
           bi.amount(c.written_off, l.currency) as written_off, c.oldest_due_on, c.late_from
      from read_loans.standing_changes c
      join read_loans.loans l on l.id = c.loan_id;
comment on view bi.loan_changes is 'A row for each event of a loan, with how the loan stood after it. As it was known '
    'at a position P: for each loan the row of the largest position up to P.';
create view bi.flows as
    select currency, nullif(product, '') as product, on_day as value_date, bi.amount(disbursed, currency) as disbursed,
           bi.amount(collected, currency) as collected, bi.amount(written_off, currency) as written_off,
           bi.amount(recovered, currency) as recovered
      from read_loans.flows
     where size = 0;
comment on view bi.flows is 'What was disbursed, collected, written off and recovered on each value date; a reversal '
    'counts against its own date.';
