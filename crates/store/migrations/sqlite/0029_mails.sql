-- Mail to users that waits to be sent, failed, or was sent a short while ago.
CREATE TABLE mails (
    id            BLOB    PRIMARY KEY,
    user_id       BLOB    NOT NULL,
    kind          TEXT    NOT NULL,
    recipient     TEXT    NOT NULL,
    facts         TEXT    NOT NULL,     -- JSON, with nothing secret
    sealed        TEXT,                 -- what is secret in it, sealed under the master key
    queued_at     INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    due_at        INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    claimed_until INTEGER,
    settled_at    INTEGER,              -- since when it is sent, or failed for the problem
    problem       TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX mails_due ON mails (due_at) WHERE settled_at IS NULL;
CREATE INDEX mails_expiring ON mails (expires_at) WHERE settled_at IS NULL;
CREATE INDEX mails_settled ON mails (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX mails_unsent ON mails (queued_at DESC, id) WHERE settled_at IS NULL OR problem IS NOT NULL;
CREATE INDEX mails_to ON mails (recipient, kind, queued_at);
CREATE INDEX mails_of_user ON mails (user_id);

-- Which audited events queue mail, by the names of its kinds.
CREATE TABLE mail_notices (
    only  INTEGER PRIMARY KEY CHECK (only = 0),
    kinds TEXT    NOT NULL
) STRICT;

INSERT INTO mail_notices (only, kinds) VALUES (0, '');
