-- Times are epoch milliseconds in UTC. Levels are 0 (visitor) and 1 (account). Metadata is JSON text, kept as text so that
-- the digits of a number survive. Types and constructs stay within what PostgreSQL has too.

CREATE TABLE subscription (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    time_zone   TEXT    NOT NULL,
    created_at  INTEGER NOT NULL
);

CREATE TABLE portal (
    id          INTEGER PRIMARY KEY,      -- HubSpot's hub id
    time_zone   TEXT    NOT NULL,
    ui_domain   TEXT    NOT NULL,
    seen_at     INTEGER NOT NULL
);

-- One grant per subscription; a portal may serve several subscriptions.
CREATE TABLE connection (
    subscription_id INTEGER PRIMARY KEY REFERENCES subscription (id) ON DELETE CASCADE,
    portal_id       INTEGER NOT NULL REFERENCES portal (id),
    kind            TEXT    NOT NULL,     -- static | oauth
    sealed          BLOB    NOT NULL,     -- credentials, encrypted under the keyring
    scopes          TEXT    NOT NULL,     -- JSON array
    connected_by    TEXT,
    connected_at    INTEGER NOT NULL,
    broken          TEXT                  -- why it stopped working; null while it works
);

CREATE TABLE mapping (
    subscription_id INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
    level           INTEGER NOT NULL,
    key_property    TEXT    NOT NULL,
    empty_policy    TEXT    NOT NULL,     -- clear | keep
    version         INTEGER NOT NULL,     -- grows with every change of key, fields or policy
    PRIMARY KEY (subscription_id, level)
);

CREATE TABLE field (
    subscription_id INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
    level           INTEGER NOT NULL,
    grp             TEXT    NOT NULL,     -- agent | custom | hubspot
    name            TEXT    NOT NULL,
    type            TEXT    NOT NULL,     -- string | decimal | boolean | time
    display_name    TEXT    NOT NULL,
    selected        INTEGER NOT NULL,     -- group hubspot: pulled by the mapping; a removed field keeps its row and values
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (subscription_id, level, grp, name)
);

-- A visitor or an account.
CREATE TABLE subject (
    pk              INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: near_index counts on it
    subscription_id INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
    level           INTEGER NOT NULL,
    id              TEXT    NOT NULL,
    accounts        TEXT,                 -- JSON array of account ids; visitors only
    agent           TEXT,                 -- JSON object
    custom          TEXT,                 -- JSON object
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
);
CREATE UNIQUE INDEX subject_id ON subject (subscription_id, level, id);

-- What near misses are found by; filled from `subject` up to a watermark, when the first miss asks for it.
CREATE TABLE near_index (
    subscription_id INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
    level           INTEGER NOT NULL,
    indexed_to      INTEGER NOT NULL,     -- highest subject.pk indexed
    PRIMARY KEY (subscription_id, level)
);
CREATE TABLE near_folded (                -- hash of the id in lower case without white space
    subscription_id INTEGER NOT NULL,
    level           INTEGER NOT NULL,
    hash            INTEGER NOT NULL,
    subject_pk      INTEGER NOT NULL,
    PRIMARY KEY (subscription_id, level, hash, subject_pk)
) WITHOUT ROWID;
CREATE TABLE near_reversed (              -- the id back to front: ids that end alike stand together
    subscription_id INTEGER NOT NULL,
    level           INTEGER NOT NULL,
    reversed        TEXT    NOT NULL,
    PRIMARY KEY (subscription_id, level, reversed)
) WITHOUT ROWID;

-- A state that a subject's hubspot metadata had. The newest is the one `link` points to; the others are what history
-- and undo read, until they are pruned.
CREATE TABLE version (
    id          INTEGER PRIMARY KEY,      -- the run's id in the upper 32 bits: a run's versions stand together
    subject_pk  INTEGER NOT NULL,
    record_id   INTEGER NOT NULL,
    previous_id INTEGER,
    payload     TEXT    NOT NULL
);

-- Which record feeds a subject, and where its hubspot metadata stands.
CREATE TABLE link (
    subject_pk      INTEGER PRIMARY KEY,
    subscription_id INTEGER NOT NULL,
    level           INTEGER NOT NULL,
    record_id       INTEGER,              -- null: the link ended, the values stay
    version_id      INTEGER,
    fingerprint     INTEGER NOT NULL,     -- of the values the mapping version below selects
    mapping_version INTEGER NOT NULL,
    run_id          INTEGER NOT NULL      -- the run that wrote this row
);
CREATE INDEX link_live ON link (subscription_id, level) WHERE record_id IS NOT NULL;

CREATE TABLE run (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription_id INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
    level           INTEGER NOT NULL,
    dry_run         INTEGER NOT NULL,
    state           TEXT    NOT NULL,     -- running | success | partial | failed | cancelled
    applied         INTEGER NOT NULL,     -- its outcomes are the level's latest
    started_at      INTEGER NOT NULL,
    finished_at     INTEGER,
    report          TEXT,                 -- JSON, as printed
    pruned          INTEGER NOT NULL DEFAULT 0 -- its details are past retention and gone
);
CREATE INDEX run_level ON run (subscription_id, level, id);

-- At most one run per level. `holder` names a process; a dead holder's row is taken over.
CREATE TABLE run_lock (
    subscription_id INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
    level           INTEGER NOT NULL,
    run_id          INTEGER NOT NULL,
    holder          TEXT    NOT NULL,
    PRIMARY KEY (subscription_id, level)
);

-- Records of a run that fed nobody. Those that did are found by `link` and `version`. While a run is under way, what
-- became of every record stands in a table of its own; see store::stage.
CREATE TABLE outcome (
    run_id      INTEGER NOT NULL,
    record_id   INTEGER NOT NULL,
    kind        INTEGER NOT NULL,         -- see store::outcome
    subject_pk  INTEGER,                  -- a duplicate's contested subject
    key_text    TEXT,                     -- missed: the key as it came
    near_id     TEXT,                     -- missed by little: the id it nearly is
    PRIMARY KEY (run_id, record_id)
) WITHOUT ROWID;

CREATE TABLE quarantine (
    run_id      INTEGER NOT NULL,
    record_id   INTEGER NOT NULL,
    property    TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    value       TEXT    NOT NULL,         -- the wire text, shortened
    PRIMARY KEY (run_id, record_id, property)
) WITHOUT ROWID;

CREATE TABLE ended_link (
    run_id      INTEGER NOT NULL,
    subject_pk  INTEGER NOT NULL,
    record_id   INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    PRIMARY KEY (run_id, subject_pk)
) WITHOUT ROWID;
