-- A delivery may go to one person (a letter), and order is kept by line rather than by run alone. What was under way
-- begins anew, because it had told persons without keeping a delivery for each: at least once, as ever.
ALTER TABLE deliveries RENAME TO deliveries_before;
DROP INDEX deliveries_turn;
DROP INDEX deliveries_open;
DROP INDEX deliveries_dead;

-- One telling of one notice to one hook, as a whole or to one person. at_turn marks the first open delivery of each
-- hook and line, the only one that a claim can begin with; settling it hands the turn on. So a claim reads what is
-- ready, not what is queued behind it. The lines of whole notices (runs) and those of letters are apart.
CREATE TABLE deliveries (
    hook       TEXT NOT NULL,
    position   INTEGER NOT NULL REFERENCES notices (position),
    recipient  TEXT NOT NULL DEFAULT '',
    letter     INTEGER NOT NULL DEFAULT 0 CHECK (letter = (recipient <> '')),
    line       TEXT NOT NULL,
    run        TEXT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('waiting', 'leased', 'delivered', 'expanded', 'skipped', 'dead')),
    at_turn    INTEGER NOT NULL,
    ready_at   TEXT NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    worker     TEXT NOT NULL DEFAULT '',
    error      TEXT NOT NULL DEFAULT '',
    progress   TEXT NOT NULL DEFAULT '',
    settled_at TEXT,
    PRIMARY KEY (hook, position, recipient)
) STRICT, WITHOUT ROWID;
INSERT INTO deliveries (hook, position, line, run, status, at_turn, ready_at, attempts, worker, error, settled_at)
SELECT hook, position, run, run, status, at_turn, ready_at, attempts, worker, error, settled_at FROM deliveries_before;
DROP TABLE deliveries_before;
CREATE INDEX deliveries_turn ON deliveries (hook, letter, ready_at, position, recipient) WHERE at_turn = 1;
CREATE INDEX deliveries_line ON deliveries (hook, letter, line, position, recipient) WHERE settled_at IS NULL;
CREATE INDEX deliveries_dead ON deliveries (hook, position, recipient) WHERE status = 'dead';
