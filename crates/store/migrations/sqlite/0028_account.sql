-- What people see of themselves: which browser a session is in, in words, what happened to their account, and when it is to be removed because
-- they asked for it.
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';

-- The records of the audit trail that a user is shown. Those from before are not in it.
CREATE TABLE audit_of_users (
    user_id BLOB    NOT NULL,
    number  INTEGER NOT NULL,           -- of the record
    PRIMARY KEY (user_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE leaving_users (
    user       INTEGER PRIMARY KEY REFERENCES users (number),
    removal_at INTEGER NOT NULL
) STRICT;

CREATE INDEX leaving_users_by_time ON leaving_users (removal_at);
