select p.id, p.name, p.currency, p.retired_on, p.retirement_reason, p.first_position, p.created_at, p.updated_at,
       v.version, v.defined_on, v.terms, v.limits, v.position
  from read_products.products p
  join read_products.versions v on v.product_id = p.id
