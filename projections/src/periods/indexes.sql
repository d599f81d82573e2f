create unique index periods_by_change on periods (position);
