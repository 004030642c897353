-- People: records, identifiers, the customers they resolve to, and what people decided about them.
-- rkey = id_bucket() of what the row hangs on (record, household, decision); vkey = 63-bit hash of an the kind and value.

-- What one source system says about one person. customer: the founding (oldest) record of the customer who holds it.
-- version: counts what happened to the customer that this record founds (a guard against two writers).
-- seen: hashes of reports that would change nothing (8 bytes each). birth: yyyymmdd, each part may be 0.
CREATE TABLE person_record (
	rkey {int} NOT NULL,
	id {int} NOT NULL,
	customer {int} NOT NULL,
	version {int} NOT NULL,
	flags {int} NOT NULL,
	tie {int},
	household {int},
	said_at {int} NOT NULL,
	created_at {int} NOT NULL,
	updated_at {int} NOT NULL,
	birth {int} NOT NULL,
	seen {blob} NOT NULL,
	source {text} NOT NULL,
	source_key {text} NOT NULL,
	prefix {text} NOT NULL,
	given {text} NOT NULL,
	middle {text} NOT NULL,
	family {text} NOT NULL,
	suffix {text} NOT NULL,
	pronounce {text} NOT NULL,
	gender {text} NOT NULL,
	language {text} NOT NULL,
	street {text} NOT NULL,
	city {text} NOT NULL,
	region {text} NOT NULL,
	postcode {text} NOT NULL,
	country {text} NOT NULL,
	PRIMARY KEY (rkey, id)
) {clustered};
CREATE UNIQUE INDEX person_record_key ON person_record (rkey, source_key, source);
CREATE INDEX person_record_held ON person_record (rkey, id, customer) WHERE customer <> id;

-- Records that are not the founding one, by customer (rkey: of the customer).
CREATE TABLE person_member (
	rkey {int} NOT NULL,
	customer {int} NOT NULL,
	record {int} NOT NULL,
	PRIMARY KEY (rkey, customer, record)
) {clustered};

-- Identifiers by record. grade: 0 shared, 1 verified, 2 raw text that could not be read.
CREATE TABLE person_identifier (
	rkey {int} NOT NULL,
	record {int} NOT NULL,
	kind {int} NOT NULL,
	vkey {int} NOT NULL,
	grade {int} NOT NULL,
	first_seen {int} NOT NULL,
	last_seen {int} NOT NULL,
	value {text} NOT NULL,
	PRIMARY KEY (rkey, record, kind, vkey)
) {clustered};

-- The same the other way round, for what can link.
CREATE TABLE person_holder (
	vkey {int} NOT NULL,
	kind {int} NOT NULL,
	record {int} NOT NULL,
	grade {int} NOT NULL,
	value {text} NOT NULL,
	PRIMARY KEY (vkey, kind, record)
) {clustered};

-- Values whose state is not simply normal: set by hand (manual 1), or held by more records than the limit (manual 0).
CREATE TABLE person_value (
	vkey {int} NOT NULL,
	kind {int} NOT NULL,
	value {text} NOT NULL,
	state {int} NOT NULL,
	manual {int} NOT NULL,
	PRIMARY KEY (vkey, kind, value)
) {clustered};

-- Devices tied to a record (person_record.tie, the other way round).
CREATE TABLE person_tie (
	rkey {int} NOT NULL,
	record {int} NOT NULL,
	device {int} NOT NULL,
	PRIMARY KEY (rkey, record, device)
) {clustered};

-- Decisions are appended; only standing and undone_by change. left_side, right_side: record ids, 8 bytes each, big-endian.
-- state, vkey, value_kind: of a policy decision. at orders decisions about the same people.
CREATE TABLE person_decision (
	rkey {int} NOT NULL,
	id {int} NOT NULL,
	kind {int} NOT NULL,
	at {int} NOT NULL,
	user_id {int} NOT NULL,
	a {int} NOT NULL,
	b {int} NOT NULL,
	forced {int} NOT NULL,
	standing {int} NOT NULL,
	stand_at {int} NOT NULL,
	undone_by {int},
	undoes {int},
	state {int},
	value_kind {int},
	left_side {blob} NOT NULL,
	right_side {blob} NOT NULL,
	reason {text} NOT NULL,
	evidence {text} NOT NULL,
	PRIMARY KEY (rkey, id)
) {clustered};
-- By record; for a policy decision the vkey stands in place of the record.
CREATE TABLE person_decision_record (
	rkey {int} NOT NULL,
	record {int} NOT NULL,
	decision {int} NOT NULL,
	PRIMARY KEY (rkey, record, decision)
) {clustered};

-- Pairs that somebody, or the scorer, should look at; each pair stands twice, once a side. score: set by the scorer, else NULL.
CREATE TABLE person_nomination (
	rkey {int} NOT NULL,
	a {int} NOT NULL,
	b {int} NOT NULL,
	kind {int} NOT NULL,
	vkey {int} NOT NULL,
	id {int} NOT NULL,
	at {int} NOT NULL,
	score {int},
	PRIMARY KEY (rkey, a, b, kind, vkey)
) {clustered};

-- Records whose component was too large to resolve at once.
CREATE TABLE person_todo (
	rkey {int} NOT NULL,
	record {int} NOT NULL,
	PRIMARY KEY (rkey, record)
) {clustered};

CREATE TABLE person_household (
	rkey {int} NOT NULL,
	id {int} NOT NULL,
	source {text} NOT NULL,
	source_key {text} NOT NULL,
	PRIMARY KEY (rkey, id)
) {clustered};
CREATE UNIQUE INDEX person_household_key ON person_household (rkey, source_key, source);
CREATE TABLE person_household_record (
	rkey {int} NOT NULL,
	household {int} NOT NULL,
	record {int} NOT NULL,
	PRIMARY KEY (rkey, household, record)
) {clustered};

CREATE TABLE person_consent (
	rkey {int} NOT NULL,
	record {int} NOT NULL,
	channel {text} NOT NULL,
	purpose {text} NOT NULL,
	state {int} NOT NULL,
	at {int} NOT NULL,
	PRIMARY KEY (rkey, record, channel, purpose)
) {clustered};

CREATE TABLE person_recipient (
	rkey {int} NOT NULL,
	record {int} NOT NULL,
	id {int} NOT NULL,
	birth {int} NOT NULL,
	name {text} NOT NULL,
	relation {text} NOT NULL,
	note {text} NOT NULL,
	PRIMARY KEY (rkey, record, id)
) {clustered};
