-- The first schema. "phaseflow." stands for the schema that the URL names. Keys are compared by code point (COLLATE
-- "C"), whatever the database's own order is. Instants are timestamptz: exact to the microsecond, as in every store.

-- One row a run. rev counts the commits: whoever read a run at a rev and commits on it later finds out that rows moved
-- in between, also where no event was written. Room is left on each page, since these rows change with each command.
CREATE TABLE phaseflow.heads (
    run      text COLLATE "C" PRIMARY KEY,
    campaign text COLLATE "C" NOT NULL,
    level    text COLLATE "C" NOT NULL,
    unit     text COLLATE "C" NOT NULL,
    parent   text COLLATE "C",
    plan     text COLLATE "C" NOT NULL,
    seq      bigint NOT NULL CHECK (seq >= 1),
    chain    text COLLATE "C" NOT NULL,
    status   text COLLATE "C" NOT NULL,
    due_at   timestamptz,
    rev      bigint NOT NULL DEFAULT 1
) WITH (fillfactor = 80);
CREATE INDEX heads_due ON phaseflow.heads (due_at, run) WHERE due_at IS NOT NULL;
CREATE INDEX heads_campaign ON phaseflow.heads (campaign, run);
CREATE INDEX heads_unit ON phaseflow.heads (unit, run);
CREATE INDEX heads_parent ON phaseflow.heads (parent, run) WHERE parent IS NOT NULL;

-- The state of a run, by part.
CREATE TABLE phaseflow.rows (
    run  text COLLATE "C" NOT NULL,
    key  text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL,
    PRIMARY KEY (run, key)
) WITH (fillfactor = 80);

-- The trail.
CREATE TABLE phaseflow.entries (
    run  text COLLATE "C" NOT NULL,
    seq  bigint NOT NULL,
    body text COLLATE "C" NOT NULL,
    hash text COLLATE "C" NOT NULL,
    PRIMARY KEY (run, seq)
);

CREATE TABLE phaseflow.answers (
    run        text COLLATE "C" NOT NULL,
    command_id text COLLATE "C" NOT NULL,
    digest     text COLLATE "C" NOT NULL,
    seq_first  bigint NOT NULL,
    seq_last   bigint NOT NULL,
    body       text COLLATE "C" NOT NULL,
    PRIMARY KEY (run, command_id)
);

CREATE TABLE phaseflow.plans (
    digest text COLLATE "C" PRIMARY KEY,
    body   text COLLATE "C" NOT NULL
);

-- The outbox. position grows within a run as its events do, because the run's head is locked before a position is
-- drawn. Across runs a lower position can be committed later; so what spans runs goes by (written, position), where
-- written is the transaction's own number, and looks only at transactions that no older one can come after.
CREATE TABLE phaseflow.notices (
    position      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    written       xid8 NOT NULL DEFAULT pg_current_xact_id(),
    id            text COLLATE "C" NOT NULL UNIQUE,
    run           text COLLATE "C" NOT NULL,
    seq           bigint NOT NULL,
    body          text COLLATE "C" NOT NULL,
    available_at  timestamptz NOT NULL,
    useless_after timestamptz,
    coalesce      text COLLATE "C"
);
CREATE INDEX notices_order ON phaseflow.notices (written, position);
CREATE INDEX notices_run ON phaseflow.notices (run, position);
CREATE INDEX notices_coalesce ON phaseflow.notices (coalesce, position) WHERE coalesce IS NOT NULL;

-- Notices of which no deliveries were made yet: a list of work and not a bookmark, so one that is committed late is
-- found like any other.
CREATE TABLE phaseflow.untold (
    position bigint PRIMARY KEY
);

CREATE TABLE phaseflow.hooks (
    name text COLLATE "C" PRIMARY KEY
);

-- One telling of one notice to one hook, as a whole or to one person. at_turn marks the first open delivery of each
-- hook and line, the only one that a claim can begin with; settling it hands the turn on. So a claim reads what is
-- ready, not what is queued behind it. The lines of whole notices (runs) and those of letters are apart.
CREATE TABLE phaseflow.deliveries (
    hook       text COLLATE "C" NOT NULL,
    position   bigint NOT NULL REFERENCES phaseflow.notices (position),
    recipient  text COLLATE "C" NOT NULL DEFAULT '',
    letter     boolean NOT NULL DEFAULT false CHECK (letter = (recipient <> '')),
    line       text COLLATE "C" NOT NULL,
    run        text COLLATE "C" NOT NULL,
    status     text COLLATE "C" NOT NULL
        CHECK (status IN ('waiting', 'leased', 'delivered', 'expanded', 'skipped', 'dead')),
    at_turn    boolean NOT NULL,
    ready_at   timestamptz NOT NULL,
    attempts   bigint NOT NULL DEFAULT 0,
    worker     text COLLATE "C" NOT NULL DEFAULT '',
    error      text COLLATE "C" NOT NULL DEFAULT '',
    progress   text COLLATE "C" NOT NULL DEFAULT '',
    settled_at timestamptz,
    PRIMARY KEY (hook, position, recipient)
) WITH (fillfactor = 80);
CREATE INDEX deliveries_turn ON phaseflow.deliveries (letter, hook, ready_at, position, recipient) WHERE at_turn;
CREATE INDEX deliveries_line ON phaseflow.deliveries (hook, letter, line, position, recipient) WHERE settled_at IS NULL;
CREATE INDEX deliveries_position ON phaseflow.deliveries (position, hook, recipient);
CREATE INDEX deliveries_dead ON phaseflow.deliveries (hook, position, recipient) WHERE status = 'dead';

-- Personal values, apart from the trail, which holds commitments to them.
CREATE TABLE phaseflow.personal (
    run   text COLLATE "C" NOT NULL,
    ref   text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    salt  text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    PRIMARY KEY (run, ref)
);
CREATE INDEX personal_owner ON phaseflow.personal (run, owner);

-- Ballot boxes. The key is random: no sequence, no time, no voter.
CREATE TABLE phaseflow.ballots (
    poll text COLLATE "C" NOT NULL,
    id   text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL,
    PRIMARY KEY (poll, id)
);
