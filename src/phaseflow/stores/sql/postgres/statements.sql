-- Every statement that the PostgreSQL store runs, by name. "phaseflow." stands for the schema that the URL names.
-- Limits: NULL means none.

-- name: schema_state
SELECT to_regclass('phaseflow.versions') IS NOT NULL,
    EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'phaseflow' AND c.relkind IN ('r', 'v', 'm', 'p')),
    current_setting('server_encoding'),
    EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'phaseflow');

-- name: schema_lock
SELECT pg_advisory_xact_lock(hashtextextended('phaseflow' || ' schema', 0));

-- name: schema_make
CREATE SCHEMA phaseflow;

-- name: versions_make
CREATE TABLE IF NOT EXISTS phaseflow.versions (number bigint PRIMARY KEY, made_at timestamptz NOT NULL DEFAULT now());

-- name: version
SELECT coalesce(max(number), 0) FROM phaseflow.versions;

-- name: version_put
INSERT INTO phaseflow.versions (number) VALUES (%s);

-- name: begin_reading
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: begin_writing
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

-- name: hold
-- A run that is not stored yet has no row to lock; its name is locked all the same.
SELECT pg_advisory_xact_lock(hashtextextended('phaseflow' || ' run ' || %s, 1)), (SELECT 1 FROM phaseflow.heads WHERE run = %s FOR UPDATE);

-- name: head
SELECT run, campaign, level, unit, parent, plan, seq, chain, status, due_at, rev FROM phaseflow.heads WHERE run = %s;

-- name: look
-- Head, answer, rows under keys and the first rows of ranges of keys, as of one instant.
SELECT h.run, h.campaign, h.level, h.unit, h.parent, h.plan, h.seq, h.chain, h.status, h.due_at, h.rev,
    a.command_id, a.digest, a.seq_first, a.seq_last, a.body, r.keys, r.bodies, s.places, s.keys, s.bodies
FROM phaseflow.heads h
LEFT JOIN phaseflow.answers a ON a.run = h.run AND a.command_id = %(command)s
CROSS JOIN LATERAL (SELECT array_agg(key) AS keys, array_agg(body) AS bodies
    FROM phaseflow.rows WHERE run = h.run AND key = ANY (%(keys)s)) r
CROSS JOIN LATERAL (SELECT array_agg(p.place) AS places, array_agg(f.key) AS keys, array_agg(f.body) AS bodies
    FROM unnest(%(lows)s::text[], %(highs)s::text[]) WITH ORDINALITY AS p (low, high, place)
    CROSS JOIN LATERAL (SELECT key, body FROM phaseflow.rows
        WHERE run = h.run AND key >= p.low COLLATE "C" AND key < p.high COLLATE "C"
        ORDER BY key LIMIT %(limit)s) f) s
WHERE h.run = %(run)s;

-- name: heads
-- The store adds WHERE, ORDER BY and LIMIT from the fragments below.
SELECT run, campaign, level, unit, parent, plan, seq, chain, status, due_at, rev FROM phaseflow.heads;

-- name: rows_of
-- Heads with one row each; the store adds WHERE, ORDER BY and LIMIT.
SELECT run, campaign, level, unit, parent, plan, seq, chain, status, due_at,
    (SELECT r.body FROM phaseflow.rows r WHERE r.run = h.run AND r.key = %(key)s) FROM phaseflow.heads h;

-- name: chains
-- The store adds WHERE, ORDER BY and LIMIT.
SELECT run, chain FROM phaseflow.heads;

-- name: extent
-- The store puts WHERE, ORDER BY and LIMIT in.
SELECT count(*), coalesce(sum(seq), 0)::bigint FROM (SELECT seq FROM phaseflow.heads
-- heads
) h;

-- name: claim_due
SELECT run, campaign, level, unit, parent, plan, seq, chain, status, due_at, rev FROM phaseflow.heads
WHERE due_at <= %s AND (due_at, run) > (%s::timestamptz, %s COLLATE "C")
ORDER BY due_at, run LIMIT %s FOR UPDATE SKIP LOCKED;

-- name: rows
SELECT key, body FROM phaseflow.rows WHERE run = %s AND key = ANY (%s);

-- name: scan
SELECT key, body FROM phaseflow.rows WHERE run = %s AND key >= %s AND key < %s AND key > %s ORDER BY key LIMIT %s;

-- name: scan_open
SELECT key, body FROM phaseflow.rows WHERE run = %s AND key >= %s AND key > %s ORDER BY key LIMIT %s;

-- name: entries
SELECT run, seq, body, hash FROM phaseflow.entries WHERE run = %s AND seq > %s ORDER BY seq LIMIT %s;

-- name: answer
SELECT command_id, digest, seq_first, seq_last, body FROM phaseflow.answers WHERE run = %s AND command_id = %s;

-- name: commit_insert
-- The parts of a commit are put together to one statement; each of the others writes only if the head was written. No
-- head is written where a newer version has changed the schema meanwhile.
WITH head AS (
    INSERT INTO phaseflow.heads (run, campaign, level, unit, parent, plan, seq, chain, status, due_at)
    SELECT %(run)s, %(campaign)s, %(level)s, %(unit)s, %(parent)s, %(plan)s, %(seq)s::bigint, %(chain)s, %(status)s,
        %(due_at)s::timestamptz
    WHERE %(known)s::bigint >= (SELECT max(number) FROM phaseflow.versions)
    ON CONFLICT (run) DO NOTHING
    RETURNING rev
)

-- name: commit_update
WITH head AS (
    UPDATE phaseflow.heads
    SET plan = %(plan)s, seq = %(seq)s, chain = %(chain)s, status = %(status)s, due_at = %(due_at)s, rev = rev + 1
    WHERE run = %(run)s AND seq = %(expected)s AND %(known)s::bigint >= (SELECT max(number) FROM phaseflow.versions)
        AND (%(rev)s::bigint IS NULL OR rev = %(rev)s)
        AND campaign = %(campaign)s AND level = %(level)s AND unit = %(unit)s AND parent IS NOT DISTINCT FROM %(parent)s
    RETURNING rev
)

-- name: commit_answer
, answer AS (
    INSERT INTO phaseflow.answers (run, command_id, digest, seq_first, seq_last, body)
    SELECT %(run)s, %(a_id)s, %(a_digest)s, %(a_first)s, %(a_last)s, %(a_body)s FROM head
)

-- name: commit_entries
, entries AS (
    INSERT INTO phaseflow.entries (run, seq, body, hash)
    SELECT %(run)s, e.seq, e.body, e.hash
    FROM head, unnest(%(e_seqs)s::bigint[], %(e_bodies)s::text[], %(e_hashes)s::text[]) AS e (seq, body, hash)
)

-- name: commit_drop
, dropped AS (
    DELETE FROM phaseflow.rows USING head WHERE run = %(run)s AND key = ANY (%(r_drop)s)
)

-- name: commit_put
, put AS (
    INSERT INTO phaseflow.rows (run, key, body)
    SELECT %(run)s, r.key, r.body FROM head, unnest(%(r_keys)s::text[], %(r_bodies)s::text[]) AS r (key, body)
    ON CONFLICT (run, key) DO UPDATE SET body = excluded.body
)

-- name: commit_notices
, told AS (
    INSERT INTO phaseflow.notices (id, run, seq, body, available_at, useless_after, coalesce)
    SELECT n.id, %(run)s, n.seq, n.body, n.available_at, n.useless_after, n.coalesce
    FROM head, unnest(%(n_ids)s::text[], %(n_seqs)s::bigint[], %(n_bodies)s::text[], %(n_available)s::timestamptz[],
        %(n_useless)s::timestamptz[], %(n_coalesce)s::text[])
        WITH ORDINALITY AS n (id, seq, body, available_at, useless_after, coalesce, place)
    ORDER BY n.place
    RETURNING position
), untold AS (
    INSERT INTO phaseflow.untold (position) SELECT position FROM told
)

-- name: commit_personal
, personal AS (
    INSERT INTO phaseflow.personal (run, ref, owner, salt, value)
    SELECT %(run)s, p.ref, p.owner, p.salt, p.value
    FROM head, unnest(%(p_refs)s::text[], %(p_owners)s::text[], %(p_salts)s::text[], %(p_values)s::text[])
        AS p (ref, owner, salt, value)
    ON CONFLICT (run, ref) DO UPDATE SET owner = excluded.owner, salt = excluded.salt, value = excluded.value
)

-- name: commit_ballots
, cast_ballots AS (
    INSERT INTO phaseflow.ballots (poll, id, body)
    SELECT b.poll, b.id, b.body
    FROM head, unnest(%(b_polls)s::text[], %(b_ids)s::text[], %(b_bodies)s::text[]) AS b (poll, id, body)
)

-- name: commit_end
SELECT rev FROM head

-- name: plan
SELECT body FROM phaseflow.plans WHERE digest = %s;

-- name: plan_insert
INSERT INTO phaseflow.plans (digest, body) VALUES (%s, %s) ON CONFLICT (digest) DO NOTHING;

-- name: personal
SELECT ref, owner, salt, value FROM phaseflow.personal WHERE run = %s AND ref = ANY (%s);

-- name: personal_erase
DELETE FROM phaseflow.personal WHERE run = %s AND owner = ANY (%s);

-- name: ballots
SELECT id, body FROM phaseflow.ballots WHERE poll = %s ORDER BY id;

-- name: ballots_clear
DELETE FROM phaseflow.ballots WHERE poll = %s;

-- name: ballots_put
INSERT INTO phaseflow.ballots (poll, id, body)
SELECT %s, b.id, b.body FROM unnest(%s::text[], %s::text[]) AS b (id, body);

-- name: scrub
VACUUM phaseflow.personal, phaseflow.ballots;

-- name: notices
-- Without gaps: what a transaction under way may still write comes after all that is shown, so a reader that goes on
-- behind the last one it saw skips nothing.
SELECT id, run, seq, body, available_at, useless_after, coalesce FROM phaseflow.notices
WHERE (written, position) > (%s, %s)
    AND (NOT %s OR written < pg_snapshot_xmin(pg_current_snapshot()))
ORDER BY written, position LIMIT %s;

-- name: notices_of_run
SELECT id, run, seq, body, available_at, useless_after, coalesce FROM phaseflow.notices
WHERE run = %s AND position > %s ORDER BY position LIMIT %s;

-- name: restored
-- Numbers of transactions that this server has not reached: the rows were written on another one.
SELECT EXISTS (SELECT 1 FROM phaseflow.notices WHERE written >= pg_snapshot_xmax(pg_current_snapshot()));

-- name: restored_groups
-- In how many stretches positions grow while the number of the transaction does; within one its number does not matter.
SELECT count(*) FILTER (WHERE before > position) + 1
FROM (SELECT position, lag(position) OVER (ORDER BY written, position) AS before FROM phaseflow.notices) n;

-- name: reached
SELECT pg_current_xact_id()::text::bigint;

-- name: renumber
-- The same order in numbers that this server has reached: that of the stretch, from the oldest on.
UPDATE phaseflow.notices n SET written = s.stretch::text::xid8
FROM (SELECT position, 1 + count(*) FILTER (WHERE before > position) OVER (ORDER BY written, position) AS stretch
      FROM (SELECT written, position, lag(position) OVER (ORDER BY written, position) AS before
            FROM phaseflow.notices) o) s
WHERE n.position = s.position;

-- name: notice_place
SELECT written::text, position FROM phaseflow.notices WHERE id = %s;

-- name: turns_alone
-- Who hands out turns looks at what others handed out: one at a time, and each in a statement behind this one.
SELECT pg_advisory_xact_lock(hashtextextended('phaseflow' || ' turns', 2));

-- name: turns_of_line
-- Settling concerns one line only; many may settle at once, as long as nobody makes deliveries.
SELECT pg_advisory_xact_lock_shared(hashtextextended('phaseflow' || ' turns', 2)),
    pg_advisory_xact_lock(hashtextextended('phaseflow' || ' line ' || %s || ' ' || %s, 3));

-- name: hooks_known
SELECT name FROM phaseflow.hooks WHERE name = ANY (%s);

-- name: hook_declare
INSERT INTO phaseflow.hooks (name) VALUES (%s) ON CONFLICT (name) DO NOTHING;

-- name: any_untold
SELECT EXISTS (SELECT 1 FROM phaseflow.untold), (SELECT max(number) FROM phaseflow.versions);

-- name: fan_out
-- The first new notice of a run has the turn, unless an older delivery is open.
WITH new AS (DELETE FROM phaseflow.untold RETURNING position)
INSERT INTO phaseflow.deliveries (hook, position, line, run, status, at_turn, ready_at)
SELECT h.name, n.position, n.run, n.run, 'waiting',
    row_number() OVER (PARTITION BY h.name, n.run ORDER BY n.position) = 1
    AND NOT EXISTS (SELECT 1 FROM phaseflow.deliveries d
                    WHERE d.hook = h.name AND NOT d.letter AND d.line = n.run AND d.settled_at IS NULL),
    n.available_at
FROM new JOIN phaseflow.notices n USING (position) CROSS JOIN phaseflow.hooks h;

-- name: fan_out_all
INSERT INTO phaseflow.deliveries (hook, position, line, run, status, at_turn, ready_at)
SELECT %s, n.position, n.run, n.run, 'waiting',
    row_number() OVER (PARTITION BY n.run ORDER BY n.position) = 1, n.available_at
FROM phaseflow.notices n;

-- name: claim
-- The first of each line whose turn it is, those of other claims left out; then, line by line, those directly behind
-- it that are ready as well.
WITH first AS (
    SELECT hook, letter, line, ready_at AS since, position AS first_position, recipient AS first_recipient
    FROM phaseflow.deliveries
    WHERE hook = ANY (%(hooks)s) AND letter = %(letters)s AND at_turn AND ready_at <= %(now)s
    ORDER BY ready_at, position, hook, recipient LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), taken AS (
    SELECT f.since, f.first_position, f.first_recipient, b.* FROM first f CROSS JOIN LATERAL (
        SELECT o.hook, o.position, o.recipient,
            bool_and(o.ready_at <= %(now)s) OVER (ORDER BY o.position, o.recipient) AS ready
        FROM (SELECT hook, position, recipient, ready_at FROM phaseflow.deliveries
              WHERE hook = f.hook AND letter = f.letter AND line = f.line AND settled_at IS NULL
              ORDER BY position, recipient LIMIT %(together)s) o) b
    WHERE b.ready
), leased AS (
    UPDATE phaseflow.deliveries d
    SET status = 'leased', ready_at = %(until)s, attempts = attempts + 1, worker = %(worker)s
    FROM taken t
    WHERE d.hook = t.hook AND d.position = t.position AND d.recipient = t.recipient AND d.settled_at IS NULL
    RETURNING t.since, t.first_position, t.first_recipient, d.*
)
SELECT n.id, n.run, n.seq, n.body, n.available_at, n.useless_after, n.coalesce, d.hook, d.recipient, d.line,
    d.status, d.ready_at, d.attempts, d.worker, d.error, d.progress, d.settled_at,
    n.coalesce IS NOT NULL AND EXISTS (SELECT 1 FROM phaseflow.notices l WHERE l.coalesce = n.coalesce
        AND l.position > n.position AND l.available_at <= %(now)s)
FROM leased d JOIN phaseflow.notices n USING (position)
ORDER BY d.since, d.first_position, d.hook, d.first_recipient, d.position, d.recipient;

-- name: deliveries
-- The store adds WHERE; then the order and the limit.
SELECT n.id, n.run, n.seq, n.body, n.available_at, n.useless_after, n.coalesce, d.hook, d.recipient, d.line,
    d.status, d.ready_at, d.attempts, d.worker, d.error, d.progress, d.settled_at, false
FROM phaseflow.deliveries d JOIN phaseflow.notices n USING (position);

-- name: settle
UPDATE phaseflow.deliveries SET status = %s, at_turn = false, error = %s, settled_at = %s
WHERE hook = %s AND position = (SELECT position FROM phaseflow.notices WHERE id = %s) AND recipient = %s
    AND status = 'leased' AND attempts = %s;

-- name: put_back
UPDATE phaseflow.deliveries SET status = 'waiting', ready_at = %s, worker = '', error = %s, progress = %s
WHERE hook = %s AND position = (SELECT position FROM phaseflow.notices WHERE id = %s) AND recipient = %s
    AND status = 'leased' AND attempts = %s;

-- name: letters_insert
INSERT INTO phaseflow.deliveries (hook, position, recipient, letter, line, run, status, at_turn, ready_at)
SELECT %s, n.position, l.recipient, true, l.line, n.run, 'waiting', false, l.ready_at
FROM phaseflow.notices n, unnest(%s::text[], %s::text[], %s::timestamptz[]) AS l (recipient, line, ready_at)
WHERE n.id = %s
ON CONFLICT (hook, position, recipient) DO NOTHING;

-- name: revive
UPDATE phaseflow.deliveries SET status = 'waiting', ready_at = %s, settled_at = NULL
WHERE hook = %s AND position = (SELECT position FROM phaseflow.notices WHERE id = %s) AND recipient = %s
    AND status = 'dead'
RETURNING hook, letter, line;

-- name: discard
UPDATE phaseflow.deliveries SET status = 'skipped', error = %s, settled_at = %s
WHERE hook = %s AND position = (SELECT position FROM phaseflow.notices WHERE id = %s) AND recipient = %s
    AND status = 'dead';

-- name: take_turns
UPDATE phaseflow.deliveries SET at_turn = false
WHERE hook = %s AND letter = %s AND line = ANY (%s) AND settled_at IS NULL AND at_turn;

-- name: pass_turns
-- In each line the turn belongs to the first open delivery, and to no other.
UPDATE phaseflow.deliveries d SET at_turn = true
FROM (SELECT DISTINCT ON (line) hook, position, recipient FROM phaseflow.deliveries
      WHERE hook = %s AND letter = %s AND line = ANY (%s) AND settled_at IS NULL
      ORDER BY line, position, recipient) f
WHERE d.hook = f.hook AND d.position = f.position AND d.recipient = f.recipient;
