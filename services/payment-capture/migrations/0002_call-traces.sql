-- W3C trace context of the event that asked for a call: the call is made later, by whoever has room.
ALTER TABLE processor_calls ADD COLUMN traceparent text;
