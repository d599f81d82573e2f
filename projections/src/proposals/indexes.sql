create unique index proposals_in_order on proposals (first_position);
create index proposals_by_status on proposals (status, first_position);
create index proposals_by_proposer on proposals (proposed_by, first_position);
