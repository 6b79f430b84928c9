-- The resources that users allowed (RFC 8707), beside the scope: a JSON list of texts.

ALTER TABLE consents ADD COLUMN resources text NOT NULL DEFAULT '[]';
