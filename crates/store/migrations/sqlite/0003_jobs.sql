-- Work that waits for a process, and the rhythm by which subscriptions are synced by themselves.

-- How a subscription is synced by itself. Without a row: every night, since the subscription was made.
CREATE TABLE schedule (
    subscription_id INTEGER PRIMARY KEY REFERENCES subscription (id) ON DELETE CASCADE,
    rhythm          TEXT    NOT NULL,        -- see sync::schedule
    paused          INTEGER NOT NULL,
    since           INTEGER NOT NULL,        -- a window whose start lies before this is none
    served_to       INTEGER NOT NULL         -- end of the last window that was served: those that open before are, too
);

-- Windows that went by without a run, a row for each row of them.
CREATE TABLE missed_window (
    subscription_id INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
    opens           INTEGER NOT NULL,        -- of the first
    closes          INTEGER NOT NULL,        -- of the last
    windows         INTEGER NOT NULL,
    noted_at        INTEGER NOT NULL,
    PRIMARY KEY (subscription_id, opens)
);

CREATE TABLE job (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription_id INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
    level           INTEGER NOT NULL,
    kind            TEXT    NOT NULL,        -- sync | measure and the property
    origin          TEXT    NOT NULL,        -- as of a run
    asked_by        TEXT,                    -- who asked for it, as shown
    priority        INTEGER NOT NULL,        -- small goes first
    state           TEXT    NOT NULL,        -- waiting | running | done | failed | cancelled | expired
    due_at          INTEGER NOT NULL,        -- does not begin before
    expires_at      INTEGER,                 -- does not begin any more
    tries           INTEGER NOT NULL DEFAULT 0, -- how often it was begun and not handed back
    deaths          INTEGER NOT NULL DEFAULT 0, -- how often its process died
    token           INTEGER NOT NULL DEFAULT 0, -- grows whenever it is begun: whoever holds an older one has lost it
    holder          TEXT,                    -- the process that has it under way
    cancelling      INTEGER NOT NULL DEFAULT 0,
    created_at      INTEGER NOT NULL,
    started_at      INTEGER,
    finished_at     INTEGER,
    note            TEXT,                    -- JSON: under way, where it stands; otherwise why it failed or waits again
    run_id          INTEGER                  -- the run it became
);
CREATE INDEX job_turn ON job (priority, due_at, id) WHERE state = 'waiting';
CREATE INDEX job_running ON job (subscription_id, level) WHERE state = 'running';
CREATE INDEX job_subscription ON job (subscription_id, id);
