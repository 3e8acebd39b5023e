-- The tariff that states the monthly fee of the fleet's plan.
ALTER TABLE fleets ADD COLUMN fee_tariff_id text;
