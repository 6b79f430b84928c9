-- Which session took the place of another at the same browser, and whether anybody has come with a session's secret.

ALTER TABLE sessions ADD COLUMN replaced_by uuid;
ALTER TABLE sessions ADD COLUMN seen boolean NOT NULL DEFAULT true;
