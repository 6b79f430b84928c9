-- Clients that were removed and of which something is left: it goes in steps.

CREATE TABLE removed_clients (
    id         text   COLLATE "C" PRIMARY KEY,
    removed_at bigint NOT NULL
);

CREATE INDEX consents_of_client ON consents (client);
CREATE INDEX devices_of_client ON devices (client);
CREATE INDEX logouts_of_client ON logouts (client);
