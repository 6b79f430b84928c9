-- What tells the master key that seals keys and secrets from other keys. Written with the first thing that is sealed.
CREATE TABLE master_key_check (
    only  INTEGER PRIMARY KEY CHECK (only = 0),
    value TEXT NOT NULL
) STRICT;
