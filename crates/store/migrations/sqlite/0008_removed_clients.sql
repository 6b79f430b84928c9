-- Clients that were removed and of which something is left: it goes in steps.

CREATE TABLE removed_clients (
    id         TEXT    PRIMARY KEY,
    removed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX consents_of_client ON consents (client);
CREATE INDEX devices_of_client ON devices (client);
CREATE INDEX logouts_of_client ON logouts (client);
