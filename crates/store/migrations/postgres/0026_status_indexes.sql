-- The places in the status list (draft-ietf-oauth-status-list), each one access token's until `free_at`, and then another one's. What events of
-- the revocation feed name is kept as bytes, as there.
CREATE TABLE status_indexes (
    number    bigint PRIMARY KEY,
    grant_id  bytea,                       -- none where the client acts for itself
    client    bytea  NOT NULL,
    jti       bytea  NOT NULL,
    issued_at bigint NOT NULL,
    free_at   bigint NOT NULL
);

CREATE INDEX status_indexes_by_time ON status_indexes (free_at);
CREATE INDEX status_indexes_of_grant ON status_indexes (grant_id);
CREATE INDEX status_indexes_of_client ON status_indexes (client);
CREATE INDEX status_indexes_by_jti ON status_indexes (jti);
