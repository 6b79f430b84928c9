-- The names of users without case and composition, by which a name that is typed differently is found, and by which new accounts that
-- would look alike are refused. Imported users may look alike, so it is not unique. The program fills it in.
ALTER TABLE users ADD COLUMN folded TEXT;
CREATE INDEX users_by_folded ON users (folded);
