-- Times are whole seconds since 1970. Identifiers are random. Texts are compared byte by byte. There are no sequences, no types of our
-- own and no foreign keys: rows that others point to stay, and each check would lock the user's row once more.

CREATE TABLE users (
    id           uuid    PRIMARY KEY,
    username     text    COLLATE "C" NOT NULL UNIQUE,
    imported_key text    COLLATE "C" UNIQUE,
    email        text,
    password     text    COLLATE "C" NOT NULL,
    epoch        bigint  NOT NULL DEFAULT 0,
    disabled     boolean NOT NULL,
    admin        boolean NOT NULL,
    created_at   bigint  NOT NULL
);

-- A refresh changes a row of this table, and no column that an index has. Where the page has room for the new version the indexes need
-- not know of it, so a quarter of each page is left free. What makes vacuum come early is set beside the migrations (tuning.rs).
CREATE TABLE grants (
    id         uuid     PRIMARY KEY,
    user_id    uuid     NOT NULL,
    generation bigint   NOT NULL,
    minted_at  bigint   NOT NULL,
    grace_from bigint,
    expires_at bigint   NOT NULL,
    revoked_at bigint,
    excuses    smallint NOT NULL,
    clean      smallint NOT NULL,
    network    bytea    NOT NULL,             -- 3 bytes of an IPv4 address or 8 of an IPv6 one
    client     text     COLLATE "C" NOT NULL,
    scope      text     NOT NULL
) WITH (fillfactor = 75);

CREATE INDEX live_grants_of_user ON grants (user_id) WHERE revoked_at IS NULL;

CREATE TABLE keys (
    position     integer PRIMARY KEY,         -- the order in which keys were added
    id           text    COLLATE "C" NOT NULL UNIQUE,
    purpose      text    NOT NULL,
    algorithm    text    NOT NULL,
    sealed       text    NOT NULL,
    created_at   bigint  NOT NULL,
    signs_from   bigint  NOT NULL,
    withdrawn_at bigint
);

CREATE TABLE audit (
    number   bigint PRIMARY KEY,              -- when it was written, in microseconds since 1970
    at       bigint NOT NULL,
    event    text   NOT NULL,
    user_id  uuid,
    grant_id uuid,
    network  bytea,
    key_id   text
);

CREATE INDEX audit_by_time ON audit (at, number);

-- One row that the readiness check counts up, to see that a write reaches the disk.
CREATE TABLE probe (
    one   smallint PRIMARY KEY CHECK (one = 0),
    count bigint   NOT NULL
) WITH (fillfactor = 10);
INSERT INTO probe VALUES (0, 0);
