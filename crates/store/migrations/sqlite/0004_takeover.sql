-- What lets another process go on with a run whose process is gone.

ALTER TABLE run ADD COLUMN checkpoint TEXT;    -- JSON: where it stood when something of it was last made durable
ALTER TABLE run ADD COLUMN checked_at INTEGER; -- when that was

ALTER TABLE connection ADD COLUMN refreshing TEXT;         -- the process that asks HubSpot for new tokens at present
