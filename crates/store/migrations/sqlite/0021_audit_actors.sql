-- Who did what a record tells of, and all that it concerns. A program from before writes NULL in these, so it may go on beside this one: its
-- records have no actor, and a client in `key_id`.
ALTER TABLE audit ADD COLUMN actor      INTEGER;  -- the kind, as a number
ALTER TABLE audit ADD COLUMN actor_id   BLOB;     -- where the record does not name the actor otherwise
ALTER TABLE audit ADD COLUMN client     TEXT;
ALTER TABLE audit ADD COLUMN session_id BLOB;
