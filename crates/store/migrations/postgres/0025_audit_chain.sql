-- The hash chain of the audit trail. A program from before writes NULL in the new columns of `audit`, so it may go on beside this one: its
-- records have no place in the chain.
CREATE TABLE audit_segments (
    id           uuid    PRIMARY KEY,
    opened_at    bigint  NOT NULL,
    follows      bytea   NOT NULL,      -- identifiers, one behind the other
    followed     boolean NOT NULL DEFAULT false,
    first        bigint  NOT NULL,
    before_first bytea   NOT NULL,
    next         bigint  NOT NULL,
    head         bytea   NOT NULL
) WITH (fillfactor = 50);

CREATE INDEX audit_segments_by_time ON audit_segments (opened_at, id);
CREATE INDEX audit_segments_not_followed ON audit_segments (id) WHERE NOT followed;

ALTER TABLE audit ADD COLUMN segment  uuid;
ALTER TABLE audit ADD COLUMN position bigint;
ALTER TABLE audit ADD COLUMN hash     bytea;
