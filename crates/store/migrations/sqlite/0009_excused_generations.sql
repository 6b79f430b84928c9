-- Whether the current generation of a grant has had its excuse: its parent may come again, uncounted. Where the last refresh
-- was an excuse, it has.

ALTER TABLE grants ADD COLUMN excused INTEGER NOT NULL DEFAULT 0 CHECK (excused IN (0, 1));
UPDATE grants SET excused = 1 WHERE excuses > 0 AND clean = 0;
