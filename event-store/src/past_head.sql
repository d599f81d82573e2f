-- The last event recorded by $1: instants grow with positions, so its place is halved in on.
with recursive halves (low, high) as (
    select 0::bigint, position from event_head
    union all
    select case when e.recorded_at <= $1 then e.position else h.low end,
           case when e.recorded_at <= $1 then h.high else e.position - 1 end
      from halves h
      join events e on e.position = (h.low + h.high + 1) / 2
     where h.low < h.high
)
select e.position, e.recorded_at
  from halves h
  join events e on e.position = h.low
 where h.low = h.high
