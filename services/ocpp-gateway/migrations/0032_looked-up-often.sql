-- What is asked again and again, however long these tables have become: what was erased lately, and
-- whether a charger that comes by a higher security profile was told to.
CREATE INDEX frame_erasures_lately ON frame_erasures (erased_at);
CREATE INDEX charger_commands_raises ON charger_commands (cpo_id, charge_point_id)
  WHERE command = 'SecurityProfileRaise' AND followed_by IS NULL;
