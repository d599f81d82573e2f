create unique index limits_by_change on limits (position);
