-- What analysts read: views that stay as they are when the tables behind them change, and a role that sees nothing else.
-- They hold no personal data: a borrower is an id. Amounts are in the units of their currency.
create schema if not exists bi;
comment on schema bi is
    'Views for analysis, as of the read models behind them (bi.positions). Read them as the role razao_bi.';
do $$
begin
    create role razao_bi nologin;
exception
    when duplicate_object or unique_violation then
        null; -- the role belongs to the whole cluster, and another database made it
    when insufficient_privilege then
        raise notice 'the role razao_bi is missing, and this login may not create roles';
end $$;
do $$
begin
    if exists (select from pg_roles where rolname = 'razao_bi') then
        grant usage on schema bi to razao_bi;
        alter default privileges in schema bi grant select on tables to razao_bi;
    end if;
end $$;
create or replace function bi.amount(minor numeric, currency text) returns numeric
    language sql immutable parallel safe
    return case when currency in ('CLP', 'JPY', 'PYG') then minor else round(minor / 100, 2) end;
comment on function bi.amount is 'So many of a currency''s smallest units as an amount.';
create or replace view bi.positions as
    select c.name as read_model, coalesce(p.position, c.position) as position
      from projections.projection_checkpoints c
      left join lateral (select min(position) as position from projections.projection_partitions p
                          where p.name = c.name) p on true;
comment on view bi.positions is 'The last event that each read model holds: bi.loans, bi.loan_changes and bi.flows are '
    'of the read model loans, bi.journal_lines of journal, bi.daily_balances of daily_balances.';
