-- What happened: touchpoints, facts, notes. Rows hang on records: rkey is the bucket of the record.

-- Each message of a source once. key: see inbox_key() in timeline/touchpoint.c. day: days since 1970, for pruning.
CREATE TABLE inbox (
	key {blob} NOT NULL,
	day {int} NOT NULL,
	PRIMARY KEY (key)
) {clustered};

-- When it came in is told by the id.
CREATE TABLE touchpoint (
	rkey {int} NOT NULL,
	record {int} NOT NULL,
	at {int} NOT NULL,
	id {int} NOT NULL,
	channel {int} NOT NULL,
	source {text} NOT NULL,
	kind {text} NOT NULL,
	title {text},
	store {int},
	associate {int},
	ref {int},
	body {text},
	PRIMARY KEY (rkey, record, at, id)
) {clustered};

-- mark 0: what is believed; mark 1: "this is wrong", which also hides what was computed.
CREATE TABLE fact (
	rkey {int} NOT NULL,
	record {int} NOT NULL,
	kind {text} NOT NULL,
	value {text} NOT NULL,
	mark {int} NOT NULL,
	id {int} NOT NULL,
	state {int} NOT NULL,
	provenance {int} NOT NULL,
	sayable {int} NOT NULL,
	at {int} NOT NULL,
	user_id {int},
	touchpoint {int},
	reason {text},
	PRIMARY KEY (rkey, record, kind, value, mark)
) {clustered};

CREATE TABLE note (
	rkey {int} NOT NULL,
	record {int} NOT NULL,
	id {int} NOT NULL,
	at {int} NOT NULL,
	user_id {int},
	store {int},
	text {text} NOT NULL,
	removed_at {int},
	removed_by {int},
	shown_on {int},
	PRIMARY KEY (rkey, record, id)
) {clustered};

-- Decisions to show a note on another record; the newest one of a note stands. home: the record it was written on.
CREATE TABLE note_moved (
	rkey {int} NOT NULL,
	record {int} NOT NULL,
	note {int} NOT NULL,
	at {int} NOT NULL,
	home {int} NOT NULL,
	user_id {int},
	PRIMARY KEY (rkey, record, note, at)
) {clustered};
