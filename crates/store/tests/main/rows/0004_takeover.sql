-- What an installation remembers besides under the schema of 0004.
UPDATE run SET checkpoint = '{}', checked_at = 1767229350000 WHERE id = 2;
