-- How a reservation ended, as the charger says; null while it has not said so.
ALTER TABLE charger_commands ADD COLUMN reservation_ended_as text;
