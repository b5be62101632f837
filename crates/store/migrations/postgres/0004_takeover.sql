-- The schema of ../sqlite in PostgreSQL's words; what a column is for stands there.

ALTER TABLE run ADD COLUMN checkpoint TEXT;
ALTER TABLE run ADD COLUMN checked_at BIGINT;

ALTER TABLE connection ADD COLUMN refreshing TEXT;
