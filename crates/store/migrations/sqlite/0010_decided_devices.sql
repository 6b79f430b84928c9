-- What was decided about a device, and by whom: they are told again for as long as the code is known. What was decided before these
-- columns were there has neither.

ALTER TABLE devices ADD COLUMN allowed INTEGER CHECK (allowed IN (0, 1));
ALTER TABLE devices ADD COLUMN decided_by BLOB;
