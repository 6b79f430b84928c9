-- Single sign-on: clients, browsers' sessions, and what may be used once. Hashes are SHA-256, 32 bytes.

ALTER TABLE users ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';  -- a JSON object

-- The session that a grant came from and ends with; NULL where it outlives it. `detail` is JSON, NULL for the token API.
ALTER TABLE grants ADD COLUMN session BLOB;
ALTER TABLE grants ADD COLUMN detail TEXT;
CREATE INDEX live_grants_of_session ON grants (session) WHERE session IS NOT NULL AND revoked_at IS NULL;

CREATE TABLE clients (
    id                 TEXT    PRIMARY KEY,
    document           TEXT    NOT NULL,
    secret             TEXT,                -- sealed under the master key
    backchannel_logout INTEGER NOT NULL CHECK (backchannel_logout IN (0, 1)),
    created_at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE consents (
    user     INTEGER NOT NULL REFERENCES users (number),
    client   TEXT    NOT NULL,
    scope    TEXT    NOT NULL,
    given_at INTEGER NOT NULL,
    PRIMARY KEY (user, client)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id               BLOB    PRIMARY KEY,
    secret           BLOB    NOT NULL UNIQUE,  -- the hash of what the browser holds
    user             INTEGER NOT NULL REFERENCES users (number),
    epoch            INTEGER NOT NULL,
    methods          TEXT    NOT NULL,         -- as in `amr`, with spaces between
    network          BLOB    NOT NULL,
    authenticated_at INTEGER NOT NULL,
    last_used_at     INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    ended_at         INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX live_sessions_of_user ON sessions (user) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE one_time (
    kind        TEXT    NOT NULL,
    hash        BLOB    NOT NULL,
    content     TEXT    NOT NULL,
    expires_at  INTEGER NOT NULL,
    redeemed_at INTEGER,
    grant_id    BLOB,                          -- what it gave
    PRIMARY KEY (hash, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX one_time_by_expiry ON one_time (expires_at);

CREATE TABLE devices (
    device_code    BLOB    PRIMARY KEY,        -- a hash
    user_code      TEXT    NOT NULL UNIQUE,
    client         TEXT    NOT NULL,
    scope          TEXT    NOT NULL,
    content        TEXT    NOT NULL,
    interval       INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    last_polled_at INTEGER,
    decided        INTEGER NOT NULL DEFAULT 0 CHECK (decided IN (0, 1)),
    approved       TEXT,                       -- what was given; NULL where nobody said yes
    grant_id       BLOB
) STRICT, WITHOUT ROWID;

CREATE INDEX devices_by_expiry ON devices (expires_at);

-- Clients that are still to be told of the end of a grant.
CREATE TABLE logouts (
    number   INTEGER PRIMARY KEY,
    client   TEXT    NOT NULL,
    grant_id BLOB    NOT NULL,
    user     INTEGER NOT NULL REFERENCES users (number),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX logouts_by_time ON logouts (due_at);
