-- The names of users without case and composition, by which a name that is typed differently is found, and by which new accounts that
-- would look alike are refused. Imported users may look alike, so it is not unique. An index takes the beginning alone of what may be
-- long.
ALTER TABLE users ADD COLUMN folded text COLLATE "C";
CREATE INDEX users_by_folded ON users (left(folded, 200));

-- Whoever adds a user locks one of these rows, which the folded name leads to: of two whose names look alike one comes second, and
-- sees the other.
CREATE TABLE name_locks (number smallint PRIMARY KEY);
INSERT INTO name_locks SELECT generate_series(0, 63);
