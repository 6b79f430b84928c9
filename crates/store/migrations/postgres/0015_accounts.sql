-- What another system said of a user when they were imported last, as JSON: an update tells by it what changed there from what was
-- changed here.
ALTER TABLE users ADD COLUMN last_import text;

-- A user who was removed. The row stays for what still points to it, without anything that would say who it was; `removed_key` is the
-- key that clients are told of the sign-out by.
ALTER TABLE users ADD COLUMN removed_at bigint;
ALTER TABLE users ADD COLUMN removed_key text;

-- When the user signed in.
ALTER TABLE grants ADD COLUMN opened_at bigint;
