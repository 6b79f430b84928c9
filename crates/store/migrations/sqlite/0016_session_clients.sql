-- Which clients got an ID token in a browser's session, and the `sid` that each knows the session by: the identifier of its first grant
-- there. They are told of the end of the session, whatever has become of their grants.
CREATE TABLE session_clients (
    session BLOB NOT NULL,
    client  TEXT NOT NULL,
    sid     BLOB NOT NULL UNIQUE,
    PRIMARY KEY (session, client)
) STRICT, WITHOUT ROWID;

CREATE INDEX session_clients_by_client ON session_clients (client);

-- NULL where it is the grant's own identifier, as that of each grant from before is.
ALTER TABLE grants ADD COLUMN sid BLOB;
CREATE INDEX live_grants_of_sid ON grants (sid) WHERE sid IS NOT NULL AND revoked_at IS NULL;

-- What was noted so far told of grants by their own identifier.
ALTER TABLE logouts RENAME COLUMN grant_id TO sid;
