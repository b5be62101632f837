-- Files of ids that people send, until they are done with.

CREATE TABLE upload (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription_id INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
    level           INTEGER NOT NULL,
    name            TEXT    NOT NULL,           -- on the sender's machine
    sent_by         TEXT    NOT NULL,           -- as shown
    size            INTEGER NOT NULL DEFAULT 0, -- bytes that have arrived
    received_at     INTEGER,                    -- null: it is still arriving
    touched_at      INTEGER NOT NULL,           -- when something last happened to it
    job_id          INTEGER,                    -- the job that was last asked for
    created         INTEGER NOT NULL DEFAULT 0, -- ids that were not known before, of all that has been loaded of it
    fields          TEXT    NOT NULL DEFAULT '[]', -- JSON: agent fields that were not there before, with their types
    removed         INTEGER NOT NULL DEFAULT 0, -- ids that were erased because they are not in it
    outcome         TEXT                        -- JSON: what came of loading it; null: that has not ended
);
-- A level has one file; others may be arriving.
CREATE UNIQUE INDEX upload_level ON upload (subscription_id, level) WHERE received_at IS NOT NULL;

-- What a file holds, while it is needed.
CREATE TABLE upload_part (
    upload_id       INTEGER NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
    number          INTEGER NOT NULL,           -- from 0, without a gap
    bytes           BLOB    NOT NULL,
    PRIMARY KEY (upload_id, number)
);

-- Known ids that are not in a file, to be erased if somebody agrees.
CREATE TABLE upload_unseen (
    subject_pk      INTEGER PRIMARY KEY,
    upload_id       INTEGER NOT NULL REFERENCES upload (id) ON DELETE CASCADE
);
CREATE INDEX upload_unseen_upload ON upload_unseen (upload_id);
