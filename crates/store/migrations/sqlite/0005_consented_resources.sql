-- The resources that users allowed (RFC 8707), beside the scope: a JSON list of texts. What was allowed before names none, so
-- that whoever asks for a resource asks its user again.

ALTER TABLE consents ADD COLUMN resources TEXT NOT NULL DEFAULT '[]';
