-- Numbers of a transaction's events that are missing while later ones have come; null when none is.
ALTER TABLE station_transactions ADD COLUMN gaps jsonb;
