-- Every journal line, as it follows from its event. `amount` is in the currency's smallest unit and positive;
-- `value_date` is the day on which the event counts, which may lie in a period that was closed by then.
create table journal_lines (
    position   bigint not null,
    line       int    not null,
    stream_id  uuid   not null,
    account    text   collate "C" not null,
    currency   text   collate "C" not null,
    side       text   not null,
    amount     bigint not null,
    booked_on  date   not null,
    value_date date   not null
);
