-- The second factors of users: one document about each user who has any. `users.factors` names what a user has set up, as in `amr`.
ALTER TABLE users ADD COLUMN factors TEXT NOT NULL DEFAULT '';

CREATE TABLE authenticators (
    user     INTEGER PRIMARY KEY REFERENCES users (number),
    document TEXT    NOT NULL           -- JSON; the secrets in it are sealed under the master key
) STRICT;
