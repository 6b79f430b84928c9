-- What APIs are told of: grants that ended, claims that changed, keys that were withdrawn. A row is swept once the last token that it is
-- about has expired. `subject` is a grant's identifier or the bytes of a key's.
CREATE TABLE revocations (
    at      bigint NOT NULL,
    kind    text   COLLATE "C" NOT NULL,
    subject bytea  NOT NULL,
    PRIMARY KEY (at, kind, subject)
);

-- The name of this history. A restored backup gets another one, so that readers who got further in the lost history begin again.
CREATE TABLE history (
    one  smallint PRIMARY KEY CHECK (one = 0),
    name text     NOT NULL
);
INSERT INTO history VALUES (0, replace(gen_random_uuid()::text, '-', ''));
