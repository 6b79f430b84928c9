-- The places in the status list (draft-ietf-oauth-status-list), each one access token's until `free_at`, and then another one's. What events of
-- the revocation feed name is kept as bytes, as there.
CREATE TABLE status_indexes (
    number    INTEGER PRIMARY KEY,
    grant_id  BLOB,                        -- none where the client acts for itself
    client    BLOB    NOT NULL,
    jti       BLOB    NOT NULL,
    issued_at INTEGER NOT NULL,
    free_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX status_indexes_by_time ON status_indexes (free_at);
CREATE INDEX status_indexes_of_grant ON status_indexes (grant_id);
CREATE INDEX status_indexes_of_client ON status_indexes (client);
CREATE INDEX status_indexes_by_jti ON status_indexes (jti);
