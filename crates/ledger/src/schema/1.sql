CREATE TABLE runs (
    run TEXT PRIMARY KEY NOT NULL,
    recipe TEXT NOT NULL,
    config TEXT NOT NULL,
    seed TEXT NOT NULL,
    cap_sampled_tokens INTEGER,
    cap_scored_tokens INTEGER,
    cap_trained_tokens INTEGER,
    cap_judge_calls INTEGER,
    cap_seconds REAL,
    program TEXT NOT NULL,
    bits TEXT,
    started_at TEXT NOT NULL
) STRICT;

CREATE TABLE phases (
    phase INTEGER PRIMARY KEY NOT NULL,
    run TEXT NOT NULL REFERENCES runs (run),
    kind TEXT NOT NULL CHECK (kind IN ('attempt', 'learn')),
    stage TEXT NOT NULL,
    round INTEGER NOT NULL,
    occurrence INTEGER NOT NULL,
    part INTEGER NOT NULL,
    digest TEXT NOT NULL,
    policy TEXT,
    judge TEXT,
    evaluation INTEGER NOT NULL CHECK (evaluation IN (0, 1)),
    sampled_tokens INTEGER NOT NULL,
    scored_tokens INTEGER NOT NULL,
    trained_tokens INTEGER NOT NULL,
    judge_calls INTEGER NOT NULL,
    seconds REAL,
    judge_seconds REAL,
    samples INTEGER NOT NULL,
    bits TEXT,
    checksum TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    UNIQUE (run, stage, round, occurrence, part)
) STRICT;

CREATE TABLE asks (
    phase INTEGER NOT NULL REFERENCES phases (phase),
    ask INTEGER NOT NULL,
    json TEXT NOT NULL,
    prompt_tokens BLOB,
    query_id TEXT AS (
        CASE WHEN json_valid(json) THEN
            CASE json_type(json, '$.query.id') WHEN 'text' THEN json_extract(json, '$.query.id') END
        END
    ) VIRTUAL,
    PRIMARY KEY (phase, ask)
) STRICT;

CREATE TABLE samples (
    sample INTEGER PRIMARY KEY NOT NULL,
    phase INTEGER NOT NULL REFERENCES phases (phase),
    ask INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('score', 'abstain', 'error')),
    score REAL,
    reason TEXT,
    error_seconds REAL,
    detail TEXT,
    text TEXT NOT NULL,
    json TEXT NOT NULL,
    prompt_tokens BLOB,
    tokens BLOB NOT NULL,
    logprobs BLOB NOT NULL,
    policy_logprobs BLOB NOT NULL,
    bits TEXT,
    finish TEXT AS (
        CASE WHEN json_valid(json) THEN
            CASE json_type(json, '$.finish') WHEN 'text' THEN json_extract(json, '$.finish') END
        END
    ) VIRTUAL
) STRICT;

CREATE INDEX samples_of_phase ON samples (phase);

CREATE TABLE learn_metrics (
    phase INTEGER NOT NULL REFERENCES phases (phase),
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    value REAL,
    bits TEXT,
    PRIMARY KEY (phase, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE learn_files (
    phase INTEGER NOT NULL REFERENCES phases (phase),
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    blob TEXT NOT NULL,
    PRIMARY KEY (phase, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE notes (
    note INTEGER PRIMARY KEY NOT NULL,
    run TEXT NOT NULL REFERENCES runs (run),
    name TEXT NOT NULL,
    round INTEGER NOT NULL,
    occurrence INTEGER NOT NULL,
    part INTEGER NOT NULL,
    value REAL,
    bits TEXT,
    after_phase INTEGER REFERENCES phases (phase),
    UNIQUE (run, name, round, occurrence, part)
) STRICT;

CREATE TABLE alarms (
    alarm INTEGER PRIMARY KEY NOT NULL,
    run TEXT NOT NULL REFERENCES runs (run),
    name TEXT NOT NULL,
    round INTEGER NOT NULL,
    occurrence INTEGER NOT NULL,
    part INTEGER NOT NULL,
    message TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    UNIQUE (run, name, round, occurrence, part)
) STRICT;

CREATE TABLE outputs (
    output INTEGER PRIMARY KEY NOT NULL,
    run TEXT NOT NULL REFERENCES runs (run),
    name TEXT NOT NULL,
    round INTEGER NOT NULL,
    occurrence INTEGER NOT NULL,
    part INTEGER NOT NULL,
    recorded_at TEXT NOT NULL,
    UNIQUE (run, name, round, occurrence, part)
) STRICT;

CREATE TABLE output_files (
    output INTEGER NOT NULL REFERENCES outputs (output),
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    blob TEXT NOT NULL,
    PRIMARY KEY (output, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE ends (
    ending INTEGER PRIMARY KEY NOT NULL,
    run TEXT NOT NULL REFERENCES runs (run),
    kind TEXT NOT NULL CHECK (kind IN ('complete', 'stopped', 'failed')),
    reason TEXT,
    after_phase INTEGER REFERENCES phases (phase),
    recorded_at TEXT NOT NULL
) STRICT;

CREATE INDEX ends_of_run ON ends (run);

CREATE VIEW answers AS
SELECT
    samples.sample AS sample,
    phases.run AS run,
    phases.stage AS stage,
    phases.round AS round,
    phases.occurrence AS occurrence,
    phases.evaluation AS evaluation,
    asks.query_id AS query_id,
    CASE WHEN json_valid(asks.json) THEN coalesce(
        json_extract(asks.json, '$.query.body.text'),
        json_extract(asks.json, '$.query.body.messages'),
        json_extract(asks.json, '$.query')
    ) END AS prompt,
    samples.attempt AS attempt,
    samples.text AS text,
    samples.finish AS finish,
    samples.outcome AS outcome,
    samples.score AS score,
    samples.reason AS reason,
    samples.detail AS detail,
    phases.policy AS policy,
    phases.judge AS judge
FROM samples
JOIN phases ON phases.phase = samples.phase
LEFT JOIN asks ON asks.phase = samples.phase AND asks.ask = samples.ask;
