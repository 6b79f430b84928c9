-- The second factors of users: one document about each user who has any. `users.factors` names what a user has set up, as in `amr`.
ALTER TABLE users ADD COLUMN factors text NOT NULL DEFAULT '';

CREATE TABLE authenticators (
    user_id  uuid PRIMARY KEY,
    document text NOT NULL              -- JSON; the secrets in it are sealed under the master key
) WITH (fillfactor = 85);
