-- Single sign-on: clients, browsers' sessions, and what may be used once. Hashes are SHA-256, 32 bytes.

ALTER TABLE users ADD COLUMN attributes text NOT NULL DEFAULT '{}';  -- a JSON object

-- The session that a grant came from and ends with; NULL where it outlives it. `detail` is JSON, NULL for the token API.
ALTER TABLE grants ADD COLUMN session uuid;
ALTER TABLE grants ADD COLUMN detail text;
CREATE INDEX live_grants_of_session ON grants (session) WHERE session IS NOT NULL AND revoked_at IS NULL;

CREATE TABLE clients (
    id                 text    COLLATE "C" PRIMARY KEY,
    document           text    NOT NULL,
    secret             text,                -- sealed under the master key
    backchannel_logout boolean NOT NULL,
    created_at         bigint  NOT NULL
);

CREATE TABLE consents (
    user_id  uuid   NOT NULL,
    client   text   COLLATE "C" NOT NULL,
    scope    text   NOT NULL,
    given_at bigint NOT NULL,
    PRIMARY KEY (user_id, client)
);

CREATE TABLE sessions (
    id               uuid   PRIMARY KEY,
    secret           bytea  NOT NULL UNIQUE,  -- the hash of what the browser holds
    user_id          uuid   NOT NULL,
    epoch            bigint NOT NULL,
    methods          text   NOT NULL,         -- as in `amr`, with spaces between
    network          bytea  NOT NULL,
    authenticated_at bigint NOT NULL,
    last_used_at     bigint NOT NULL,
    expires_at       bigint NOT NULL,
    ended_at         bigint
) WITH (fillfactor = 85);

CREATE INDEX live_sessions_of_user ON sessions (user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at, id);

CREATE TABLE one_time (
    hash        bytea  NOT NULL,
    kind        text   COLLATE "C" NOT NULL,
    expires_at  bigint NOT NULL,
    redeemed_at bigint,
    grant_id    uuid,                         -- what it gave
    content     text   NOT NULL,
    PRIMARY KEY (hash, kind)
);

CREATE INDEX one_time_by_expiry ON one_time (expires_at);

CREATE TABLE devices (
    device_code    bytea   PRIMARY KEY,       -- a hash
    user_code      text    COLLATE "C" NOT NULL UNIQUE,
    client         text    COLLATE "C" NOT NULL,
    scope          text    NOT NULL,
    content        text    NOT NULL,
    interval       bigint  NOT NULL,
    expires_at     bigint  NOT NULL,
    last_polled_at bigint,
    decided        boolean NOT NULL DEFAULT false,
    approved       text,                      -- what was given; NULL where nobody said yes
    grant_id       uuid
) WITH (fillfactor = 85);

CREATE INDEX devices_by_expiry ON devices (expires_at);

-- Clients that are still to be told of the end of a grant.
CREATE TABLE logouts (
    number   bigint PRIMARY KEY,              -- when it was written, in microseconds since 1970
    client   text   COLLATE "C" NOT NULL,
    grant_id uuid   NOT NULL,
    user_id  uuid   NOT NULL,
    attempts bigint NOT NULL DEFAULT 0,
    due_at   bigint NOT NULL
);

CREATE INDEX logouts_by_time ON logouts (due_at);
