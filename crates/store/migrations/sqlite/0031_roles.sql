-- What users may do about the authority. `users.admin` says who is an owner, as it did before there were other roles, so that an older
-- version on the same database keeps them; `role` names the other roles, and is empty for owners and members.
ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT '';
CREATE INDEX administrators ON users (username) WHERE (admin = 1 OR role <> '');

-- What a recorded change changed: a JSON object, before and after.
ALTER TABLE audit ADD COLUMN changes TEXT;
