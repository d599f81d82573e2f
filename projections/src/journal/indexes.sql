create unique index journal_lines_of_account on journal_lines (account, booked_on, position, line);
create unique index journal_lines_in_order on journal_lines (position, line);
create index journal_lines_moved_to_open_days on journal_lines (account, value_date) where value_date <> booked_on;
