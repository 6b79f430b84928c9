-- Requests to set a new password by mail. There is one for every name that was typed, also for those that nobody has.
CREATE TABLE password_resets (
    id         BLOB    PRIMARY KEY,     -- a keyed hash of what the browser has
    user_id    BLOB,
    mail       BLOB    NOT NULL,
    content    TEXT    NOT NULL,        -- JSON; of secrets, keyed hashes alone
    asked_at   INTEGER NOT NULL,
    sent_at    INTEGER,                 -- when the mail server took the mail
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX password_resets_of_user ON password_resets (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX password_resets_by_mail ON password_resets (mail);
CREATE INDEX password_resets_by_time ON password_resets (expires_at);
CREATE INDEX users_by_email ON users (lower(email));
