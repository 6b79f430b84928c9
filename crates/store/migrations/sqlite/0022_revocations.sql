-- What APIs are told of: grants that ended, claims that changed, keys that were withdrawn. A row is swept once the last token that it is
-- about has expired. `subject` is a grant's identifier or the bytes of a key's.
CREATE TABLE revocations (
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    subject BLOB    NOT NULL,
    PRIMARY KEY (at, kind, subject)
) STRICT, WITHOUT ROWID;

-- The name of this history. A restored backup gets another one, so that readers who got further in the lost history begin again.
CREATE TABLE history (
    only INTEGER PRIMARY KEY CHECK (only = 0),
    name TEXT    NOT NULL
) STRICT;
INSERT INTO history VALUES (0, lower(hex(randomblob(16))));
