-- What was decided about a device, and by whom: they are told again for as long as the code is known.

ALTER TABLE devices ADD COLUMN allowed boolean;
ALTER TABLE devices ADD COLUMN decided_by uuid;
