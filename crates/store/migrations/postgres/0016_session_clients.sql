-- Which clients got an ID token in a browser's session, and the `sid` that each knows the session by: the identifier of its first grant
-- there. They are told of the end of the session, whatever has become of their grants.
CREATE TABLE session_clients (
    session uuid NOT NULL,
    client  text COLLATE "C" NOT NULL,
    sid     uuid NOT NULL UNIQUE,
    PRIMARY KEY (session, client)
);

CREATE INDEX session_clients_by_client ON session_clients (client);

-- NULL where it is the grant's own identifier.
ALTER TABLE grants ADD COLUMN sid uuid;
CREATE INDEX live_grants_of_sid ON grants (sid) WHERE sid IS NOT NULL AND revoked_at IS NULL;

ALTER TABLE logouts RENAME COLUMN grant_id TO sid;
