-- How the client appeared to the user who allowed it something: a digest of its name and of the hosts that it sends people to.

ALTER TABLE consents ADD COLUMN appearance text NOT NULL DEFAULT '';
