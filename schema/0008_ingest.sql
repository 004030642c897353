-- Imports and what could not be taken in.

-- key: hash128 of path, content and mapping. step, at_byte, at_line: where it stands; commits with the rows.
CREATE TABLE import_job (
	id {int} NOT NULL PRIMARY KEY,
	key {blob} NOT NULL UNIQUE,
	path {text} NOT NULL,
	format {text} NOT NULL,
	source {text} NOT NULL,
	mapping {text} NOT NULL,
	state {int} NOT NULL,
	started_at {int} NOT NULL,
	updated_at {int} NOT NULL,
	step {int} NOT NULL,
	at_byte {int} NOT NULL,
	at_line {int} NOT NULL,
	bytes_done {int} NOT NULL,
	bytes_total {int} NOT NULL,
	lines {int} NOT NULL,
	taken {int} NOT NULL,
	duplicates {int} NOT NULL,
	dead {int} NOT NULL,
	orders_new {int} NOT NULL,
	orders_changed {int} NOT NULL,
	orders_same {int} NOT NULL,
	records_new {int} NOT NULL,
	problem {text} NOT NULL
) {rows};

-- While a job runs: which lines of which orders its file has named so far. marks: 8 bytes each.
CREATE TABLE import_part (
	job {int} NOT NULL,
	key {blob} NOT NULL,
	order_id {int} NOT NULL,
	absent {int} NOT NULL,
	incomplete {int} NOT NULL,
	marks {blob} NOT NULL,
	PRIMARY KEY (job, key)
) {clustered};

-- While a job runs: how often an equal line without a message id has come.
CREATE TABLE import_repeat (
	job {int} NOT NULL,
	key {blob} NOT NULL,
	n {int} NOT NULL,
	PRIMARY KEY (job, key)
) {clustered};

-- key: hash128 of source, file, line and text, so that the same letter lies here once. format: how raw is to be read again:
-- "segment", or a section of the job's mapping; header: the file's first line.
CREATE TABLE deadletter (
	id {int} NOT NULL PRIMARY KEY,
	key {blob} NOT NULL UNIQUE,
	source {text} NOT NULL,
	job {int},
	line {int},
	at {int} NOT NULL,
	retried_at {int},
	resolved {int} NOT NULL,
	format {text} NOT NULL,
	header {text} NOT NULL,
	code {text} NOT NULL,
	field {text} NOT NULL,
	detail {text} NOT NULL,
	raw {text} NOT NULL
) {rows};
CREATE INDEX deadletter_open ON deadletter (resolved, id);
