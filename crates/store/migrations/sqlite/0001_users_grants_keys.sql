-- Times are whole seconds since 1970. Identifiers are random, 16 bytes.

CREATE TABLE users (
    number       INTEGER PRIMARY KEY,      -- what other tables call the user; never leaves this file
    id           BLOB    NOT NULL UNIQUE,
    username     TEXT    NOT NULL UNIQUE,  -- compared byte by byte
    imported_key TEXT    UNIQUE,
    email        TEXT,
    password     TEXT    NOT NULL,
    epoch        INTEGER NOT NULL DEFAULT 0,
    disabled     INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    admin        INTEGER NOT NULL CHECK (admin IN (0, 1)),
    created_at   INTEGER NOT NULL
) STRICT;

-- A grant's identifier is two integers: SQLite finds a row fastest by an integer, and then needs no second tree for the
-- key. `id_high` is its first half, shifted so that integers sort as the bytes do; `id_low` is the second.
CREATE TABLE grants (
    id_high    INTEGER PRIMARY KEY,
    id_low     INTEGER NOT NULL,
    user       INTEGER NOT NULL REFERENCES users (number),
    client     TEXT    NOT NULL,
    scope      TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    minted_at  INTEGER NOT NULL,
    grace_from INTEGER,
    network    BLOB    NOT NULL,           -- 3 bytes of an IPv4 address or 8 of an IPv6 one
    excuses    INTEGER NOT NULL,
    clean      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

-- A refresh changes neither column, so it never touches this tree.
CREATE INDEX live_grants_of_user ON grants (user) WHERE revoked_at IS NULL;

CREATE TABLE keys (
    position     INTEGER PRIMARY KEY,      -- the order in which keys were added
    id           TEXT    NOT NULL UNIQUE,
    purpose      TEXT    NOT NULL,
    algorithm    TEXT    NOT NULL,
    sealed       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    signs_from   INTEGER NOT NULL,
    withdrawn_at INTEGER
) STRICT;

CREATE TABLE audit (
    number   INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    event    TEXT    NOT NULL,
    user_id  BLOB,
    grant_id BLOB,
    network  BLOB,
    key_id   TEXT
) STRICT;

CREATE INDEX audit_by_time ON audit (at);

-- One row that the readiness check counts up, to see that a write reaches the disk.
CREATE TABLE probe (
    only  INTEGER PRIMARY KEY CHECK (only = 0),
    count INTEGER NOT NULL
) STRICT;
INSERT INTO probe VALUES (0, 0);
