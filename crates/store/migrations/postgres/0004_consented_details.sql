-- What users allowed in detail (RFC 9396), beside the scope: a JSON list.

ALTER TABLE consents ADD COLUMN details text NOT NULL DEFAULT '[]';
