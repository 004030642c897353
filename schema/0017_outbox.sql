-- Webhooks (src/outbox): who wants to hear of what, and what is to be sent, was sent, could not be sent.

CREATE TABLE outbox_endpoint (
	id {int} PRIMARY KEY,
	url {text} NOT NULL,
	patterns {text} NOT NULL, -- "order.*,stock.changed"
	description {text} NOT NULL,
	secret {blob} NOT NULL, -- first byte: 0 as it is, 1 sealed by the server's key
	old_secret {blob}, -- before the last rotation; signs too until old_until
	old_until {int},
	created_at {int} NOT NULL,
	created_by {int}, -- user
	disabled_at {int},
	disabled_why {text}, -- "person", "gone", "failing", "full"
	removed_at {int}, -- its deliveries go first, a few at a time, then it
	paused_until {int} NOT NULL, -- the receiver asked for it
	failing_since {int}, -- first failure since the last success
	succeeded_at {int},
	failed_at {int}
) {rows};

-- One event for one endpoint. rkey: the endpoint's bucket. event: what it is about; the webhook-id is made of it.
CREATE TABLE outbox_delivery (
	rkey {int} NOT NULL,
	endpoint {int} NOT NULL,
	id {int} NOT NULL,
	event {blob} NOT NULL,
	type {text} NOT NULL,
	subject {int} NOT NULL, -- order, SKU; 0: a test
	record {int}, -- whom it is about
	body {text} NOT NULL,
	made_at {int} NOT NULL,
	state {int} NOT NULL, -- 1 waiting, 2 delivered, 3 given up
	attempts {int} NOT NULL,
	tries {int} NOT NULL, -- attempts of this round: a replay begins anew
	due_at {int} NOT NULL, -- while somebody sends it: when that is given up for dead
	lease {int} NOT NULL, -- of whoever sends it now; 0: nobody
	status {int} NOT NULL, -- of the last answer; 0: none
	fault {text} NOT NULL, -- why the last attempt failed, "" when it did not
	answer {text} NOT NULL, -- the first kilobyte of it
	tried_at {int},
	done_at {int},
	PRIMARY KEY (rkey, endpoint, id)
) {clustered};
CREATE UNIQUE INDEX outbox_delivery_event ON outbox_delivery (rkey, endpoint, event);
CREATE INDEX outbox_delivery_due ON outbox_delivery (rkey, endpoint, due_at) WHERE state = 1;
CREATE INDEX outbox_delivery_fresh ON outbox_delivery (rkey, endpoint, subject, type) WHERE state = 1 AND tries = 0;
CREATE INDEX outbox_delivery_done ON outbox_delivery (state, done_at) WHERE state <> 1;
CREATE INDEX outbox_delivery_state ON outbox_delivery (rkey, endpoint, state, id);
CREATE INDEX outbox_delivery_record ON outbox_delivery (record) WHERE record IS NOT NULL;
