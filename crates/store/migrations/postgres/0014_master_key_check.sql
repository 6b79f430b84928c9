-- What tells the master key that seals keys and secrets from other keys. Written with the first thing that is sealed.
CREATE TABLE master_key_check (
    one   smallint PRIMARY KEY CHECK (one = 0),
    value text     NOT NULL
);
