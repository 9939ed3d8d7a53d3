CREATE TABLE processes (
    process TEXT PRIMARY KEY NOT NULL,
    config TEXT NOT NULL,
    seed TEXT NOT NULL,
    program TEXT NOT NULL,
    asked INTEGER NOT NULL DEFAULT 0,
    told INTEGER NOT NULL DEFAULT 0,
    state BLOB,
    state_told INTEGER NOT NULL DEFAULT 0,
    started_at TEXT NOT NULL
) STRICT;

CREATE TABLE decisions (
    decision INTEGER PRIMARY KEY NOT NULL,
    process TEXT NOT NULL REFERENCES processes (process),
    number INTEGER NOT NULL,
    context TEXT NOT NULL,
    arm INTEGER NOT NULL,
    propensity REAL NOT NULL,
    after_told INTEGER NOT NULL,
    asked_at TEXT NOT NULL,
    reward REAL,
    told INTEGER,
    told_at TEXT,
    CHECK ((reward IS NULL) = (told IS NULL) AND (told IS NULL) = (told_at IS NULL)),
    UNIQUE (process, number)
) STRICT;

CREATE UNIQUE INDEX decisions_told ON decisions (process, told) WHERE told IS NOT NULL;
