-- Every statement that the SQLite store runs, by name. Limits: -1 means none.

-- name: head
SELECT run, campaign, level, unit, parent, plan, seq, chain, status, due_at FROM heads WHERE run = ?;

-- name: heads
-- The store adds WHERE, ORDER BY and LIMIT from the fragments below.
SELECT run, campaign, level, unit, parent, plan, seq, chain, status, due_at FROM heads;

-- name: rows_of
-- Heads with one row each; the store adds WHERE, ORDER BY and LIMIT.
SELECT run, campaign, level, unit, parent, plan, seq, chain, status, due_at,
    (SELECT r.body FROM rows r WHERE r.run = heads.run AND r.key = ?) FROM heads;

-- name: chains
-- The store adds WHERE, ORDER BY and LIMIT.
SELECT run, chain FROM heads;

-- name: extent
-- The store puts WHERE, ORDER BY and LIMIT in.
SELECT count(*), ifnull(sum(seq), 0) FROM (SELECT seq FROM heads
-- heads
);

-- name: head_insert
INSERT INTO heads (run, campaign, level, unit, parent, plan, seq, chain, status, due_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run) DO NOTHING;

-- name: head_update
UPDATE heads SET plan = ?, seq = ?, chain = ?, status = ?, due_at = ?
WHERE run = ? AND seq = ? AND campaign = ? AND level = ? AND unit = ? AND parent IS ?;

-- name: row
SELECT body FROM rows WHERE run = ? AND key = ?;

-- name: rows
SELECT key, body FROM rows WHERE run = ? AND key IN (SELECT value FROM json_each(?));

-- name: scan
SELECT key, body FROM rows WHERE run = ? AND key >= ? AND key < ? AND key > ? ORDER BY key LIMIT ?;

-- name: scan_open
SELECT key, body FROM rows WHERE run = ? AND key >= ? AND key > ? ORDER BY key LIMIT ?;

-- name: row_put
INSERT INTO rows (run, key, body) VALUES (?, ?, ?) ON CONFLICT (run, key) DO UPDATE SET body = excluded.body;

-- name: row_drop
DELETE FROM rows WHERE run = ? AND key = ?;

-- name: entries
SELECT run, seq, body, hash FROM entries WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?;

-- name: entry_insert
INSERT INTO entries (run, seq, body, hash) VALUES (?, ?, ?, ?);

-- name: answer
SELECT command_id, digest, seq_first, seq_last, body FROM answers WHERE run = ? AND command_id = ?;

-- name: answer_insert
INSERT INTO answers (run, command_id, digest, seq_first, seq_last, body) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (run, command_id) DO NOTHING;

-- name: plan
SELECT body FROM plans WHERE digest = ?;

-- name: plan_insert
INSERT INTO plans (digest, body) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING;

-- name: personal
SELECT ref, owner, salt, value FROM personal WHERE run = ? AND ref IN (SELECT value FROM json_each(?));

-- name: personal_put
INSERT INTO personal (run, ref, owner, salt, value) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (run, ref) DO UPDATE SET owner = excluded.owner, salt = excluded.salt, value = excluded.value;

-- name: personal_erase
DELETE FROM personal WHERE run = ? AND owner = ?;

-- name: ballots
SELECT id, body FROM ballots WHERE poll = ? ORDER BY id;

-- name: ballot_insert
INSERT INTO ballots (poll, id, body) VALUES (?, ?, ?);

-- name: ballots_clear
DELETE FROM ballots WHERE poll = ?;

-- name: notice_insert
INSERT INTO notices (id, run, seq, body, available_at, useless_after, coalesce) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: notice_position
SELECT position FROM notices WHERE id = ?;

-- name: notices
SELECT id, run, seq, body, available_at, useless_after, coalesce FROM notices
WHERE position > ? ORDER BY position LIMIT ?;

-- name: notices_of_run
SELECT id, run, seq, body, available_at, useless_after, coalesce FROM notices
WHERE run = ? AND position > ? ORDER BY position LIMIT ?;

-- name: hook_declare
INSERT INTO hooks (name, told) VALUES (?, CASE WHEN ? THEN 0 ELSE (SELECT ifnull(max(position), 0) FROM notices) END)
ON CONFLICT (name) DO NOTHING;

-- name: hooks_known
SELECT name FROM hooks;

-- name: hooks_behind
SELECT name, told FROM hooks WHERE told < (SELECT max(position) FROM notices) ORDER BY name;

-- name: fan_out
-- ?1 hook, ?2 the last notice it was told. The first new notice of a run has the turn, unless an older one is open.
INSERT INTO deliveries (hook, position, line, run, status, at_turn, ready_at)
SELECT ?1, n.position, n.run, n.run, 'waiting',
    NOT EXISTS (SELECT 1 FROM notices b WHERE b.run = n.run AND b.position > ?2 AND b.position < n.position)
    AND NOT EXISTS (SELECT 1 FROM deliveries d INDEXED BY deliveries_line
                    WHERE d.hook = ?1 AND d.letter = 0 AND d.line = n.run AND d.settled_at IS NULL
                    AND d.position <= ?2),
    n.available_at
FROM notices n WHERE n.position > ?2 ORDER BY n.position;

-- name: hook_told
UPDATE hooks SET told = (SELECT max(position) FROM notices) WHERE name = ?;

-- name: ready
SELECT ready_at, position, hook, recipient, line FROM deliveries
WHERE hook = ? AND letter = ? AND at_turn = 1 AND ready_at <= ? ORDER BY ready_at, position, recipient LIMIT ?;

-- name: behind
-- The open deliveries of a line, from the one that has the turn on. (The planner would walk the whole hook instead.)
SELECT ready_at, position, hook, recipient FROM deliveries INDEXED BY deliveries_line
WHERE hook = ? AND letter = ? AND line = ? AND settled_at IS NULL ORDER BY position, recipient LIMIT ?;

-- name: lease
UPDATE deliveries SET status = 'leased', ready_at = ?, attempts = attempts + 1, worker = ?
WHERE hook = ? AND position = ? AND recipient = ?;

-- name: claimed
-- ?1 now, ?2 hook, ?3 position, ?4 recipient.
SELECT n.id, n.run, n.seq, n.body, n.available_at, n.useless_after, n.coalesce,
    d.hook, d.recipient, d.line, d.status, d.ready_at, d.attempts, d.worker, d.error, d.progress, d.settled_at,
    n.coalesce IS NOT NULL AND EXISTS (SELECT 1 FROM notices l WHERE l.coalesce = n.coalesce
        AND l.position > n.position AND l.available_at <= ?1)
FROM deliveries d JOIN notices n USING (position) WHERE d.hook = ?2 AND d.position = ?3 AND d.recipient = ?4;

-- name: deliveries
-- The store adds WHERE; then the order and the limit.
SELECT n.id, n.run, n.seq, n.body, n.available_at, n.useless_after, n.coalesce,
    d.hook, d.recipient, d.line, d.status, d.ready_at, d.attempts, d.worker, d.error, d.progress, d.settled_at, 0
FROM deliveries d JOIN notices n USING (position);

-- name: settle
UPDATE deliveries
SET status = ?, at_turn = 0, error = ?, settled_at = ?
WHERE hook = ? AND position = ? AND recipient = ? AND status = 'leased' AND attempts = ?;

-- name: put_back
UPDATE deliveries SET status = 'waiting', ready_at = ?, worker = '', error = ?, progress = ?
WHERE hook = ? AND position = ? AND recipient = ? AND status = 'leased' AND attempts = ?;

-- name: letter_insert
INSERT INTO deliveries (hook, position, recipient, letter, line, run, status, at_turn, ready_at)
VALUES (?, ?, ?, 1, ?, ?, 'waiting', 0, ?)
ON CONFLICT (hook, position, recipient) DO NOTHING;

-- name: revive
UPDATE deliveries SET status = 'waiting', ready_at = ?, settled_at = NULL
WHERE hook = ? AND position = ? AND recipient = ? AND status = 'dead';

-- name: discard
UPDATE deliveries SET status = 'skipped', error = ?, settled_at = ?
WHERE hook = ? AND position = ? AND recipient = ? AND status = 'dead';

-- name: pass_turn
-- ?1 hook, ?2 letter, ?3 line: the turn belongs to the first open delivery, and to no other.
UPDATE deliveries SET at_turn = 1 WHERE hook = ?1 AND (position, recipient) =
    (SELECT position, recipient FROM deliveries INDEXED BY deliveries_line
     WHERE hook = ?1 AND letter = ?2 AND line = ?3 AND settled_at IS NULL
     ORDER BY position, recipient LIMIT 1);

-- name: take_turns
UPDATE deliveries INDEXED BY deliveries_line SET at_turn = 0
WHERE hook = ?1 AND letter = ?2 AND line = ?3 AND settled_at IS NULL AND at_turn = 1;

-- name: delivery_line
SELECT line FROM deliveries WHERE hook = ? AND position = ? AND recipient = ?;
