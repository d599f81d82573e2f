-- Proposals that were accepted are looked for until what they ask for is executed; they are few among all events.
create index events_accepted_proposals on events (position) where event_type = 'ProposalAccepted';
