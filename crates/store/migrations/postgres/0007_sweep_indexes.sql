-- The sweep removes each kind for itself, and what was used may be needed for longer than what was not.

DROP INDEX one_time_by_expiry;
CREATE INDEX one_time_unused ON one_time (kind, expires_at) WHERE redeemed_at IS NULL;
CREATE INDEX one_time_used ON one_time (kind, expires_at) WHERE redeemed_at IS NOT NULL;

DROP INDEX devices_by_expiry;
CREATE INDEX devices_unused ON devices (expires_at) WHERE redeemed_at IS NULL;
CREATE INDEX devices_used ON devices (expires_at) WHERE redeemed_at IS NOT NULL;
