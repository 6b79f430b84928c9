-- How the client appeared to the user who allowed it something: a digest of its name and of the hosts that it sends people to. What
-- was allowed before has none, so that those users are asked once more.

ALTER TABLE consents ADD COLUMN appearance TEXT NOT NULL DEFAULT '';
