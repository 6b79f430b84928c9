-- The nodes that live: each notes itself every ten seconds. They share what callers may try.
CREATE TABLE nodes (
    id      BLOB    PRIMARY KEY,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
