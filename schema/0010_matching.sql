-- Matching: under which keys records stand, which pairs score, what is doubtful. All of it is derived from records and the
-- active epoch; without one nothing is matched by scores, and only verified identifiers make customers.

-- Models that were made or edited; at most one is active.
CREATE TABLE person_epoch (
	version {int} PRIMARY KEY,
	at {int} NOT NULL,
	active {int} NOT NULL,
	model {text} NOT NULL
) {rows};

-- What the engine makes of each record: its features (match_pack.c), so that who scores against it reads one row; its keys in the
-- active epoch, 8 bytes each, ascending. And who stands under a key.
CREATE TABLE person_features (
	rkey {int} NOT NULL,
	record {int} NOT NULL,
	epoch {int} NOT NULL,
	keys {blob} NOT NULL,
	features {blob} NOT NULL,
	PRIMARY KEY (rkey, record)
) {clustered};
CREATE TABLE person_key (
	mkey {int} NOT NULL,
	record {int} NOT NULL,
	PRIMARY KEY (mkey, record)
) {clustered};

-- Pairs above the component threshold (thousandths of log2 of the odds); each stands twice, once a side.
CREATE TABLE person_pair (
	rkey {int} NOT NULL,
	a {int} NOT NULL,
	b {int} NOT NULL,
	score {int} NOT NULL,
	PRIMARY KEY (rkey, a, b)
) {clustered};

-- Pairs of customers for people to look at: scored high enough to ask, not high enough (or hindered) to be one. a < b are
-- records, rkey is a's. stake: what rides on it (insight says so, at weighed_at; 0: not yet). worth: stake × the chance that they are
-- one person, the largest first.
CREATE TABLE person_doubt (
	rkey {int} NOT NULL,
	a {int} NOT NULL,
	b {int} NOT NULL,
	score {int} NOT NULL,
	stake {int} NOT NULL,
	worth {int} NOT NULL,
	at {int} NOT NULL,
	weighed_at {int} NOT NULL,
	PRIMARY KEY (rkey, a, b)
) {clustered};
CREATE INDEX person_doubt_worth ON person_doubt (worth, a, b);
CREATE INDEX person_doubt_weighed ON person_doubt (weighed_at);
CREATE INDEX person_doubt_other ON person_doubt (b);
