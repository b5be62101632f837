-- What the web application remembers: people, sessions, who did what; and what its lists are quick by.

-- One row per installation, made with the first setting.
CREATE TABLE hubspot_app (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    client_id       TEXT    NOT NULL,
    sealed          BLOB    NOT NULL      -- the client secret, encrypted under the keyring
);

ALTER TABLE portal ADD COLUMN name TEXT;  -- its domain, the nearest to a name that HubSpot tells

ALTER TABLE subscription ADD COLUMN hubspot_on INTEGER NOT NULL DEFAULT 1;

ALTER TABLE mapping ADD COLUMN changed_at INTEGER; -- when anything of it last changed

ALTER TABLE run ADD COLUMN origin TEXT NOT NULL DEFAULT 'command'; -- command | page | measure | schedule
ALTER TABLE run ADD COLUMN started_by TEXT;                         -- who asked for it, as shown

ALTER TABLE field ADD COLUMN filled INTEGER;       -- subjects with a value, when last counted
ALTER TABLE field ADD COLUMN filled_of INTEGER;    -- of how many
ALTER TABLE field ADD COLUMN refreshed_at INTEGER; -- when its values last came or were counted

-- When the ids of a level were last imported or edited, and when their fields were counted after that.
CREATE TABLE level_state (
    subscription_id INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
    level           INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL,
    newest_pk       INTEGER NOT NULL,     -- no subject of the level has a higher one
    counted_at      INTEGER,
    PRIMARY KEY (subscription_id, level)
);

-- A person who may sign in. Without a password nobody can yet.
CREATE TABLE member (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    email           TEXT    NOT NULL UNIQUE, -- in lower case
    role            TEXT    NOT NULL,        -- admin | viewer
    password        TEXT,                    -- PHC string
    language        TEXT,                    -- null: as the browser says
    theme           TEXT,                    -- null: as the system says
    active          INTEGER NOT NULL DEFAULT 1,
    created_at      INTEGER NOT NULL,
    signed_in_at    INTEGER
);

CREATE TABLE session (
    hash            BLOB    PRIMARY KEY,     -- of the secret in the cookie
    member_id       INTEGER NOT NULL REFERENCES member (id) ON DELETE CASCADE,
    guard           TEXT    NOT NULL,        -- what forms carry against forgery
    created_at      INTEGER NOT NULL,
    seen_at         INTEGER NOT NULL,
    agent           TEXT    NOT NULL         -- the browser, shortened, to tell sessions apart
);
CREATE INDEX session_member ON session (member_id);

-- A link that is good once: to set up the installation, to join, to choose a new password.
CREATE TABLE ticket (
    hash            BLOB    PRIMARY KEY,
    purpose         TEXT    NOT NULL,        -- setup | join | reset
    member_id       INTEGER REFERENCES member (id) ON DELETE CASCADE,
    expires_at      INTEGER NOT NULL
);

-- Failed sign-ins, by address and by e-mail.
CREATE TABLE throttle (
    key             TEXT    PRIMARY KEY,
    failures        INTEGER NOT NULL,
    last_at         INTEGER NOT NULL
);

-- A sign-in at HubSpot that is under way.
CREATE TABLE oauth_attempt (
    hash            BLOB    PRIMARY KEY,     -- of the state
    session_hash    BLOB    NOT NULL REFERENCES session (hash) ON DELETE CASCADE,
    subscription_id INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
    level           INTEGER NOT NULL,        -- where to go back to
    replace_portal  INTEGER NOT NULL,
    created_at      INTEGER NOT NULL
);

-- Who changed what. Property values do not stand here.
CREATE TABLE audit (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    who             TEXT    NOT NULL,        -- as shown at the time
    subscription_id INTEGER,
    action          TEXT    NOT NULL,
    details         TEXT    NOT NULL         -- JSON object
);

-- A field by which a level's list is sorted and filtered at once.
CREATE TABLE pin (
    id              INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: pin_value counts on it
    subscription_id INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
    level           INTEGER NOT NULL,
    grp             TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    kept            INTEGER NOT NULL,        -- pinned by somebody; the others go when room is needed
    built_to        INTEGER NOT NULL DEFAULT 0, -- highest subject.pk taken in; the rest follows
    used_at         INTEGER NOT NULL,
    UNIQUE (subscription_id, level, grp, name)
);
CREATE TABLE pin_value (
    pin_id          INTEGER NOT NULL,
    sort_key        TEXT    NOT NULL,        -- see store::pin
    subject_pk      INTEGER NOT NULL,
    PRIMARY KEY (pin_id, sort_key, subject_pk)
) WITHOUT ROWID;
CREATE INDEX pin_value_subject ON pin_value (subject_pk, pin_id);

-- What somebody looks for in a list: search and filters hold values, which must not stand in an address.
CREATE TABLE list_view (
    id              TEXT    PRIMARY KEY,
    subscription_id INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
    level           INTEGER NOT NULL,
    state           TEXT    NOT NULL,        -- JSON
    used_at         INTEGER NOT NULL
);

-- Which columns a person wants to see in a level's list.
CREATE TABLE list_columns (
    member_id       INTEGER NOT NULL REFERENCES member (id) ON DELETE CASCADE,
    subscription_id INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
    level           INTEGER NOT NULL,
    columns         TEXT    NOT NULL,        -- JSON array of group.name
    PRIMARY KEY (member_id, subscription_id, level)
);
