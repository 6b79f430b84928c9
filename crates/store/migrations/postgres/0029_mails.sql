-- Mail to users that waits to be sent, failed, or was sent a short while ago.
CREATE TABLE mails (
    id            uuid   PRIMARY KEY,
    user_id       uuid   NOT NULL,
    kind          text   COLLATE "C" NOT NULL,
    recipient     text   COLLATE "C" NOT NULL,
    facts         text   NOT NULL,      -- JSON, with nothing secret
    sealed        text,                 -- what is secret in it, sealed under the master key
    queued_at     bigint NOT NULL,
    expires_at    bigint NOT NULL,
    due_at        bigint NOT NULL,
    attempts      bigint NOT NULL DEFAULT 0,
    claimed_until bigint,
    settled_at    bigint,               -- since when it is sent, or failed for the problem
    problem       text
);

CREATE INDEX mails_due ON mails (due_at) WHERE settled_at IS NULL;
CREATE INDEX mails_expiring ON mails (expires_at) WHERE settled_at IS NULL;
CREATE INDEX mails_settled ON mails (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX mails_unsent ON mails (queued_at DESC, id) WHERE settled_at IS NULL OR problem IS NOT NULL;
CREATE INDEX mails_to ON mails (recipient, kind, queued_at);
CREATE INDEX mails_of_user ON mails (user_id);

-- Which audited events queue mail, by the names of its kinds.
CREATE TABLE mail_notices (
    one   smallint PRIMARY KEY CHECK (one = 0),
    kinds text     NOT NULL
);

INSERT INTO mail_notices (one, kinds) VALUES (0, '');
