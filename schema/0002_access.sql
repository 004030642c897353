-- Who may do what, and who looked at whom (src/access). Tokens are kept as hashes only.

CREATE TABLE account (
	id {int} PRIMARY KEY,
	login {text} NOT NULL UNIQUE, -- lower case
	name {text} NOT NULL,
	role {text} NOT NULL,
	associate {int},
	disabled {int} NOT NULL,
	password {text}, -- Argon2id; NULL until a link was used
	created_at {int} NOT NULL,
	last_seen_at {int} NOT NULL
) {rows};

CREATE TABLE account_store (
	account {int} NOT NULL,
	store {int} NOT NULL,
	PRIMARY KEY (account, store)
) {clustered};

-- One-time links with which somebody sets a password; account 0: the first administrator.
CREATE TABLE account_link (
	token {blob} PRIMARY KEY,
	account {int} NOT NULL,
	created_at {int} NOT NULL,
	expires_at {int} NOT NULL,
	used_at {int}
) {clustered};
CREATE INDEX account_link_account ON account_link (account);

CREATE TABLE session (
	token {blob} PRIMARY KEY,
	account {int} NOT NULL,
	created_at {int} NOT NULL,
	last_seen_at {int} NOT NULL
) {clustered};
CREATE INDEX session_account ON session (account);

CREATE TABLE apikey (
	id {int} PRIMARY KEY,
	token {blob} NOT NULL UNIQUE,
	name {text} NOT NULL,
	source {text} NOT NULL,
	role {text} NOT NULL,
	hint {text} NOT NULL,
	created_at {int} NOT NULL,
	last_used_at {int} NOT NULL,
	revoked_at {int}
) {rows};

-- The audit trail. Entries are never changed once their block is sealed; (0, 0) is not sealed yet. The time is in the id.
CREATE TABLE audit_entry (
	node {int} NOT NULL,
	block {int} NOT NULL,
	id {int} NOT NULL,
	account {int} NOT NULL, -- 0: a key, or the local command line
	apikey {int} NOT NULL,
	action {text} NOT NULL, -- "view", "merge", …
	purpose {text} NOT NULL,
	subject {int} NOT NULL, -- an opaque id: a customer, a user, …; or 0
	win {int} NOT NULL, -- the 5 minutes in which it was
	uniq {int} NOT NULL, -- 0 for views: one a window; else the id
	commitment {blob}, -- BLAKE2b of the text, keyed by its salt
	PRIMARY KEY (node, block, id)
) {clustered};
CREATE UNIQUE INDEX audit_entry_subject ON audit_entry (subject, win, account, apikey, purpose, uniq);
CREATE INDEX audit_entry_account ON audit_entry (account, id);
CREATE UNIQUE INDEX audit_entry_id ON audit_entry (id);

-- What an entry says beyond its ids. Erasure deletes the row; the entry stays and its block still verifies.
CREATE TABLE audit_text (
	id {int} PRIMARY KEY,
	salt {blob} NOT NULL,
	detail {text} NOT NULL
) {rows};

-- One chain a node: each block seals the entries of one commit and the block before it.
CREATE TABLE audit_block (
	node {int} NOT NULL,
	seq {int} NOT NULL, -- 1, 2, 3, … without gaps
	at {int} NOT NULL,
	entries {int} NOT NULL,
	digest {blob} NOT NULL, -- of its entries and anchors
	hash {blob} NOT NULL, -- of the hash before, node, seq, at, entries, digest
	PRIMARY KEY (node, seq)
) {clustered};

-- Heads of other chains, sealed into this one: cutting the end off a chain shows.
CREATE TABLE audit_anchor (
	node {int} NOT NULL,
	seq {int} NOT NULL,
	other {int} NOT NULL,
	other_seq {int} NOT NULL,
	other_hash {blob} NOT NULL,
	PRIMARY KEY (node, seq, other)
) {clustered};
