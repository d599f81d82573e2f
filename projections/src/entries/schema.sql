-- Plain entries. `lines` holds them as in the event; the journal has a row for each. `booked_on` and
-- `reversal_booked_on` are there where they differ from the value date, which lies in a closed period then.
create table entries (
    id                 uuid        primary key,
    entered_on         date        not null,
    booked_on          date,
    description        text        not null,
    currency           text        not null,
    lines              text        not null,
    external_id        text,
    reversed_on        date,
    reversal_booked_on date,
    reversal_reason    text,
    version            bigint      not null,
    first_position     bigint      not null,
    position           bigint      not null,
    created_at         timestamptz not null,
    updated_at         timestamptz not null
);
