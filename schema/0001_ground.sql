-- The ground: what the rooms below the shop keep for themselves.

-- Node numbers of running processes (src/db/node.c): ids of two processes never meet.
CREATE TABLE node (
	node {int} PRIMARY KEY,
	holder {text} NOT NULL,
	until {int} NOT NULL
) {rows};

-- Answers to commands that carried an Idempotency-Key; they commit with the command and live for 7 days.
CREATE TABLE idem (
	bucket {int} NOT NULL,
	scope {text} NOT NULL,
	key {text} NOT NULL,
	payload {blob} NOT NULL, -- hash of what was asked
	status {int} NOT NULL,
	answer {text} NOT NULL,
	at {int} NOT NULL,
	PRIMARY KEY (bucket, scope, key)
) {clustered};
CREATE INDEX idem_at ON idem (at);

-- What was committed, for derived views (src/feed). On PostgreSQL readers go by (xid, id) below the snapshot horizon.
CREATE TABLE feed (
	id {autoid},
	{xid},
	topic {int} NOT NULL,
	record {int} NOT NULL, -- the record it hangs on; 0: nobody
	ref {int} NOT NULL,
	at {int} NOT NULL
) {rows};
{postgresql}CREATE INDEX feed_order ON feed (xid, id);

-- Where each stored view is.
CREATE TABLE feed_view (
	name {text} PRIMARY KEY,
	xid {int} NOT NULL,
	id {int} NOT NULL
) {rows};
