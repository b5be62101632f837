-- The schema of ../sqlite in PostgreSQL's words; what a column is for stands there.

CREATE TABLE destination (
    subscription_id BIGINT  PRIMARY KEY REFERENCES subscription (id) ON DELETE CASCADE,
    kind            TEXT    NOT NULL,
    settings        TEXT    NOT NULL,
    sealed          BYTEA   NOT NULL,
    connected_by    TEXT    NOT NULL,
    connected_at    BIGINT  NOT NULL,
    broken          TEXT
);

CREATE TABLE destination_level (
    subscription_id BIGINT  NOT NULL REFERENCES destination (subscription_id) ON DELETE CASCADE,
    level           BIGINT  NOT NULL,
    listed          BIGINT,
    listed_at       BIGINT,
    newest          BIGINT,
    compared_at     BIGINT,
    comparison      TEXT,
    PRIMARY KEY (subscription_id, level)
);

CREATE TABLE destination_field (
    subscription_id BIGINT  NOT NULL REFERENCES destination (subscription_id) ON DELETE CASCADE,
    level           BIGINT  NOT NULL,
    name            TEXT    COLLATE "C" NOT NULL,
    key             TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    held            TEXT,
    PRIMARY KEY (subscription_id, level, name)
);

CREATE TABLE outbox (
    subscription_id BIGINT  NOT NULL,
    level           BIGINT  NOT NULL,
    run_id          BIGINT  NOT NULL,
    subject_pk      BIGINT  NOT NULL,
    version_id      BIGINT,
    previous_id     BIGINT,
    whole           BOOLEAN NOT NULL,
    PRIMARY KEY (subscription_id, level, run_id, subject_pk)
);

CREATE TABLE delivery (
    subscription_id BIGINT  NOT NULL,
    level           BIGINT  NOT NULL,
    run_id          BIGINT  NOT NULL,
    queued          BIGINT  NOT NULL,
    acknowledged    BIGINT  NOT NULL DEFAULT 0,
    missing         BIGINT  NOT NULL DEFAULT 0,
    errors          BIGINT  NOT NULL DEFAULT 0,
    queued_at       BIGINT  NOT NULL,
    PRIMARY KEY (subscription_id, level, run_id)
);

CREATE TABLE undelivered (
    subscription_id BIGINT  NOT NULL,
    level           BIGINT  NOT NULL,
    run_id          BIGINT  NOT NULL,
    subject_pk      BIGINT  NOT NULL,
    reason          TEXT    NOT NULL,
    detail          TEXT,
    settled         BOOLEAN NOT NULL DEFAULT false,
    PRIMARY KEY (subscription_id, level, run_id, subject_pk)
);
CREATE INDEX undelivered_subject ON undelivered (subject_pk);

CREATE TABLE drift (
    subscription_id BIGINT  NOT NULL,
    level           BIGINT  NOT NULL,
    subject_pk      BIGINT  NOT NULL,
    name            TEXT    COLLATE "C" NOT NULL,
    expected        TEXT,
    found           TEXT,
    PRIMARY KEY (subscription_id, level, subject_pk, name)
);
CREATE INDEX drift_subject ON drift (subject_pk);
