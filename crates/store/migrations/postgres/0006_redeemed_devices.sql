-- When a device's code was exchanged for its grant: within the grace the same device gets the same answer again.

ALTER TABLE devices ADD COLUMN redeemed_at bigint;
