-- Which session took the place of another at the same browser, and whether anybody has come with a session's secret. What was
-- opened before this counts as seen: its browser is left with what it has.

ALTER TABLE sessions ADD COLUMN replaced_by BLOB;
ALTER TABLE sessions ADD COLUMN seen INTEGER NOT NULL DEFAULT 1 CHECK (seen IN (0, 1));
