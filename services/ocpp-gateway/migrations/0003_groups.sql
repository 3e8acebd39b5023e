-- Names that locations and connectors are grouped by, sorted: tariffs and memberships are bound to
-- them.
ALTER TABLE charge_points ADD COLUMN site_groups text[] NOT NULL DEFAULT '{}';
ALTER TABLE connectors ADD COLUMN evse_groups text[] NOT NULL DEFAULT '{}';
