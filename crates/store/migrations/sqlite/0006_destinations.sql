-- Where values go besides: a destination outside, what waits to be sent there, and what came of it.

CREATE TABLE destination (
    subscription_id INTEGER PRIMARY KEY REFERENCES subscription (id) ON DELETE CASCADE,
    kind            TEXT    NOT NULL,        -- pendo
    settings        TEXT    NOT NULL,        -- JSON: what whoever talks to it needs to know, without secrets
    sealed          BLOB    NOT NULL,        -- its key, encrypted under the keyring
    connected_by    TEXT    NOT NULL,        -- as shown
    connected_at    INTEGER NOT NULL,
    broken          TEXT                     -- why nothing can be sent until somebody does something; null while it works
);

-- What is known of the ids that a destination has, and how it was found to agree.
CREATE TABLE destination_level (
    subscription_id INTEGER NOT NULL REFERENCES destination (subscription_id) ON DELETE CASCADE,
    level           INTEGER NOT NULL,
    listed          INTEGER,                 -- ids when all were last listed, with those that have come since
    listed_at       INTEGER,                 -- when all were last listed
    newest          INTEGER,                 -- the latest first visit that was seen
    compared_at     INTEGER,                 -- when its values were last compared with what was sent
    comparison      TEXT,                    -- JSON: what came of that
    PRIMARY KEY (subscription_id, level)
);

-- Our fields under the destination's names.
CREATE TABLE destination_field (
    subscription_id INTEGER NOT NULL REFERENCES destination (subscription_id) ON DELETE CASCADE,
    level           INTEGER NOT NULL,
    name            TEXT    NOT NULL,        -- of the field in group hubspot
    key             TEXT    NOT NULL,        -- what the destination calls it
    kind            TEXT    NOT NULL,        -- the type it has there, in the destination's words
    held            TEXT,                    -- why its values are not sent; null when they are
    PRIMARY KEY (subscription_id, level, name)
);

-- Changes that wait to be sent. Of one subject the smaller run goes first.
CREATE TABLE outbox (
    subscription_id INTEGER NOT NULL,
    level           INTEGER NOT NULL,
    run_id          INTEGER NOT NULL,        -- that changed it; the largest number there is: what is sent once more
    subject_pk      INTEGER NOT NULL,
    version_id      INTEGER,                 -- the state to be sent; null: the present one
    previous_id     INTEGER,                 -- the state before: what differs is sent
    whole           INTEGER NOT NULL,        -- all of the state is sent, whatever was before
    PRIMARY KEY (subscription_id, level, run_id, subject_pk)
) WITHOUT ROWID;

-- What came of the changes of a run.
CREATE TABLE delivery (
    subscription_id INTEGER NOT NULL,
    level           INTEGER NOT NULL,
    run_id          INTEGER NOT NULL,        -- as in the outbox
    queued          INTEGER NOT NULL,
    acknowledged    INTEGER NOT NULL DEFAULT 0,
    missing         INTEGER NOT NULL DEFAULT 0, -- the destination does not know the id
    errors          INTEGER NOT NULL DEFAULT 0, -- it does not take the values
    queued_at       INTEGER NOT NULL,
    PRIMARY KEY (subscription_id, level, run_id)
);

-- Changes that the destination has not taken.
CREATE TABLE undelivered (
    subscription_id INTEGER NOT NULL,
    level           INTEGER NOT NULL,
    run_id          INTEGER NOT NULL,        -- as in the outbox
    subject_pk      INTEGER NOT NULL,
    reason          TEXT    NOT NULL,        -- missing | error
    detail          TEXT,                    -- what the destination said
    settled         INTEGER NOT NULL DEFAULT 0, -- it was put in the outbox once more
    PRIMARY KEY (subscription_id, level, run_id, subject_pk)
) WITHOUT ROWID;
CREATE INDEX undelivered_subject ON undelivered (subject_pk);

-- Values that a destination was found to hold otherwise than they were sent.
CREATE TABLE drift (
    subscription_id INTEGER NOT NULL,
    level           INTEGER NOT NULL,
    subject_pk      INTEGER NOT NULL,
    name            TEXT    NOT NULL,        -- of the field
    expected        TEXT,                    -- JSON; null: none
    found           TEXT,                    -- JSON; null: none
    PRIMARY KEY (subscription_id, level, subject_pk, name)
) WITHOUT ROWID;
CREATE INDEX drift_subject ON drift (subject_pk);
