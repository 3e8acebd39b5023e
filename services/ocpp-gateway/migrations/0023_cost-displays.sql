-- Whether and how a charger shows what a session costs.
ALTER TABLE charge_points ADD COLUMN cost_display text NOT NULL DEFAULT 'none'
  CHECK (cost_display IN ('none', 'ocpp201', 'costmsg'));
CREATE INDEX charge_points_with_display ON charge_points (cpo_id) WHERE cost_display <> 'none';
