-- Who did what a record tells of, and all that it concerns.
ALTER TABLE audit ADD COLUMN actor      smallint;  -- the kind, as a number
ALTER TABLE audit ADD COLUMN actor_id   bytea;     -- where the record does not name the actor otherwise
ALTER TABLE audit ADD COLUMN client     text;
ALTER TABLE audit ADD COLUMN session_id uuid;
