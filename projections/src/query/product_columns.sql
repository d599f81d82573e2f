select p.id, p.name, p.currency, p.retired_on, p.retirement_reason, p.first_position, p.created_at, p.updated_at,
       v.version, v.defined_on, v.terms, v.limits, v.position
  from products p
  join versions v on v.product_id = p.id
