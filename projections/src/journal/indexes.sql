create unique index journal_lines_of_account on journal_lines (account, booked_on, position, line);
