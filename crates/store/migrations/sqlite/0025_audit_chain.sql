-- The hash chain of the audit trail. A program from before writes NULL in the new columns of `audit`, so it may go on beside this one: its
-- records have no place in the chain.
CREATE TABLE audit_segments (
    id           BLOB    PRIMARY KEY,
    opened_at    INTEGER NOT NULL,
    follows      BLOB    NOT NULL,      -- identifiers, one behind the other
    followed     INTEGER NOT NULL DEFAULT 0 CHECK (followed IN (0, 1)),
    first        INTEGER NOT NULL,
    before_first BLOB    NOT NULL,
    next         INTEGER NOT NULL,
    head         BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_segments_by_time ON audit_segments (opened_at, id);
CREATE INDEX audit_segments_not_followed ON audit_segments (id) WHERE followed = 0;

ALTER TABLE audit ADD COLUMN segment  BLOB;
ALTER TABLE audit ADD COLUMN position INTEGER;
ALTER TABLE audit ADD COLUMN hash     BLOB;
