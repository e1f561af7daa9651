-- The first schema. Instants are text of fixed length (2009-03-13T16:00:00.000000Z), so that their order is the
-- order of the texts. Tables that are always reached by their key lie in its order (WITHOUT ROWID).

-- One row a run. What the run is about (campaign, level, unit, parent) is written once: commits do not touch those
-- columns, nor their indexes.
CREATE TABLE heads (
    run      TEXT PRIMARY KEY,
    campaign TEXT NOT NULL,
    level    TEXT NOT NULL,
    unit     TEXT NOT NULL,
    parent   TEXT,
    plan     TEXT NOT NULL,
    seq      INTEGER NOT NULL CHECK (seq >= 1),
    chain    TEXT NOT NULL,
    status   TEXT NOT NULL,
    due_at   TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX heads_due ON heads (due_at, run) WHERE due_at IS NOT NULL;
CREATE INDEX heads_campaign ON heads (campaign, run);
CREATE INDEX heads_unit ON heads (unit, run);
CREATE INDEX heads_parent ON heads (parent, run) WHERE parent IS NOT NULL;

-- The state of a run, by part.
CREATE TABLE rows (
    run  TEXT NOT NULL,
    key  TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;

-- The trail.
CREATE TABLE entries (
    run  TEXT NOT NULL,
    seq  INTEGER NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE answers (
    run        TEXT NOT NULL,
    command_id TEXT NOT NULL,
    digest     TEXT NOT NULL,
    seq_first  INTEGER NOT NULL,
    seq_last   INTEGER NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (run, command_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE plans (
    digest TEXT PRIMARY KEY,
    body   TEXT NOT NULL
) STRICT;

-- The outbox. Rows are never removed, so the rowid only grows: it is the order of commit.
CREATE TABLE notices (
    position      INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    run           TEXT NOT NULL,
    seq           INTEGER NOT NULL,
    body          TEXT NOT NULL,
    available_at  TEXT NOT NULL,
    useless_after TEXT,
    coalesce      TEXT
) STRICT;
CREATE INDEX notices_run ON notices (run);
CREATE INDEX notices_coalesce ON notices (coalesce) WHERE coalesce IS NOT NULL;

-- The declared hooks; "told" is the last notice that was fanned out to the hook.
CREATE TABLE hooks (
    name TEXT PRIMARY KEY,
    told INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One telling of one notice to one hook. at_turn marks the first open delivery of each run and hook, the only one
-- that may be claimed; settling it hands the turn on. So a claim reads what is ready, not what is queued behind it.
CREATE TABLE deliveries (
    hook       TEXT NOT NULL,
    position   INTEGER NOT NULL REFERENCES notices (position),
    run        TEXT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('waiting', 'leased', 'delivered', 'skipped', 'dead')),
    at_turn    INTEGER NOT NULL,
    ready_at   TEXT NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    worker     TEXT NOT NULL DEFAULT '',
    error      TEXT NOT NULL DEFAULT '',
    progress   TEXT NOT NULL DEFAULT '',
    settled_at TEXT,
    PRIMARY KEY (hook, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_turn ON deliveries (hook, ready_at, position) WHERE at_turn = 1;
CREATE INDEX deliveries_open ON deliveries (hook, run, position) WHERE settled_at IS NULL;
CREATE INDEX deliveries_dead ON deliveries (hook, position) WHERE status = 'dead';

-- Personal values, apart from the trail, which holds commitments to them.
CREATE TABLE personal (
    run   TEXT NOT NULL,
    ref   TEXT NOT NULL,
    owner TEXT NOT NULL,
    salt  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX personal_owner ON personal (run, owner);

-- Ballot boxes. The key is random and the table lies in its order: no sequence, no time, no voter.
CREATE TABLE ballots (
    poll TEXT NOT NULL,
    id   TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (poll, id)
) STRICT, WITHOUT ROWID;
