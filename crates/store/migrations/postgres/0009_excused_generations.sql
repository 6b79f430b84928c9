-- Whether the current generation of a grant has had its excuse: its parent may come again, uncounted.

ALTER TABLE grants ADD COLUMN excused boolean NOT NULL DEFAULT false;
