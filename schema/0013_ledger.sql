-- The double-entry core. rkey of balances and moves: bucket of their subject; of acts: of their key.

-- One command or report. outcome: the numbers that a replay gets, NULL while it runs (never seen committed).
CREATE TABLE ledger_act (
	rkey {int} NOT NULL,
	key {blob} NOT NULL,
	id {int} NOT NULL,
	what {text} NOT NULL,
	payload {blob} NOT NULL, -- hash of what was asked
	at {int} NOT NULL,
	user_id {int},
	associate {int},
	moves {int} NOT NULL,
	outcome {text},
	PRIMARY KEY (rkey, key)
) {clustered};

-- A cache of the moves. Accounts from 100 on are counter-accounts and may be below zero.
CREATE TABLE ledger_balance (
	rkey {int} NOT NULL,
	book {int} NOT NULL,
	subject {int} NOT NULL,
	place {int} NOT NULL,
	account {int} NOT NULL,
	qty {int} NOT NULL,
	PRIMARY KEY (rkey, book, subject, place, account),
	CONSTRAINT ledger_balance_guard CHECK (account >= 100 OR qty >= 0)
) {clustered};

-- Append-only. (act, n) names a move within all books.
CREATE TABLE ledger_move (
	rkey {int} NOT NULL,
	book {int} NOT NULL,
	subject {int} NOT NULL,
	act {int} NOT NULL,
	n {int} NOT NULL,
	at {int} NOT NULL,
	from_place {int} NOT NULL,
	from_account {int} NOT NULL,
	to_place {int} NOT NULL,
	to_account {int} NOT NULL,
	qty {int} NOT NULL CHECK (qty > 0),
	reason {int} NOT NULL,
	order_id {int},
	line {int},
	hold {int},
	user_id {int},
	associate {int},
	PRIMARY KEY (rkey, book, subject, act, n)
) {clustered};
