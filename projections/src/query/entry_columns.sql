select id, entered_on, booked_on, description, currency, lines, external_id, reversed_on, reversal_booked_on,
       reversal_reason, version, first_position, position, created_at, updated_at
  from entries
