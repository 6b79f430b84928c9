-- A grant that ends with a session is found by way of the session. Its place among those of one `sid` is somewhere else each time, so each
-- redemption of a code wrote one more page.
CREATE INDEX live_grants_of_sid_alone ON grants (sid) WHERE sid IS NOT NULL AND session IS NULL AND revoked_at IS NULL;
DROP INDEX live_grants_of_sid;
