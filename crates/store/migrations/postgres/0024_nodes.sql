-- The nodes that live: each notes itself every ten seconds. They share what callers may try.
CREATE TABLE nodes (
    id      uuid   PRIMARY KEY,
    seen_at bigint NOT NULL
) WITH (fillfactor = 10);
