-- When a device's code was exchanged for its grant: within the grace the same device gets the same answer again. What was
-- exchanged before is long ago.

ALTER TABLE devices ADD COLUMN redeemed_at INTEGER;
UPDATE devices SET redeemed_at = 0 WHERE grant_id IS NOT NULL;
