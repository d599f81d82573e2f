create unique index products_in_order on products (first_position);
create unique index products_by_name on products (name);
