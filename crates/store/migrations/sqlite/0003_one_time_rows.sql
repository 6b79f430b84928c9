-- What may be used once lies in rows, and an index leads to them. In a table without row numbers a row is its own key, and
-- one that is too long for a quarter of a page is read from several pages each time that another is searched for.

DROP INDEX one_time_by_expiry;
ALTER TABLE one_time RENAME TO one_time_before;

CREATE TABLE one_time (
    number      INTEGER PRIMARY KEY,           -- in the order in which they came, so that those in use lie side by side
    kind        TEXT    NOT NULL,
    hash        BLOB    NOT NULL,
    expires_at  INTEGER NOT NULL,
    redeemed_at INTEGER,
    grant_id    BLOB,                          -- what it gave
    content     TEXT    NOT NULL               -- last, so that the others are read without it
) STRICT;

INSERT INTO one_time (kind, hash, expires_at, redeemed_at, grant_id, content)
SELECT kind, hash, expires_at, redeemed_at, grant_id, content FROM one_time_before;
DROP TABLE one_time_before;

CREATE UNIQUE INDEX one_time_by_hash ON one_time (hash, kind);
CREATE INDEX one_time_by_expiry ON one_time (expires_at);
