-- What may be used once lies in rows to which an index leads, as rows of PostgreSQL always do. Codes come and go by the thousand, so
-- vacuum comes early.

ALTER TABLE one_time SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
