-- Stock beside the book of units. rkey: bucket of the SKU; of transfers: of the transfer. State numbers: src/stock/stock.h.

CREATE TABLE stock_hold (
	rkey {int} NOT NULL,
	id {int} NOT NULL,
	sku {int} NOT NULL,
	location {int} NOT NULL,
	record {int},
	associate {int},
	qty {int} NOT NULL CHECK (qty >= 0),
	placed {int} NOT NULL,
	placed_at {int} NOT NULL,
	until {int} NOT NULL,
	updated_at {int} NOT NULL,
	state {int} NOT NULL,
	waiting {int},
	PRIMARY KEY (rkey, id)
) {clustered};
CREATE INDEX stock_hold_until ON stock_hold (until, id) WHERE state = 1;
CREATE INDEX stock_hold_record ON stock_hold (record) WHERE record IS NOT NULL;

-- At most one task (open or short) per place.
CREATE TABLE stock_count (
	rkey {int} NOT NULL,
	id {int} NOT NULL,
	sku {int} NOT NULL,
	location {int} NOT NULL,
	opened_at {int} NOT NULL,
	closed_at {int},
	reason {int} NOT NULL,
	state {int} NOT NULL,
	hint {int} NOT NULL,
	counted {int},
	expected {int},
	difference {int},
	short_qty {int},
	PRIMARY KEY (rkey, id)
) {clustered};
CREATE UNIQUE INDEX stock_count_task ON stock_count (rkey, sku, location) WHERE state IN (1, 2);
CREATE INDEX stock_count_open ON stock_count (id) WHERE state IN (1, 2);

CREATE TABLE stock_transfer (
	rkey {int} NOT NULL,
	id {int} NOT NULL,
	from_location {int} NOT NULL,
	to_location {int} NOT NULL,
	state {int} NOT NULL,
	requested_at {int} NOT NULL,
	dispatched_at {int},
	closed_at {int},
	version {int} NOT NULL,
	PRIMARY KEY (rkey, id)
) {clustered};
CREATE INDEX stock_transfer_open ON stock_transfer (id) WHERE state IN (1, 2);

-- to_location and moving (sent + over - received - lost - returned) again, so that check finds what is under way by SKU.
CREATE TABLE stock_transfer_line (
	rkey {int} NOT NULL,
	transfer {int} NOT NULL,
	n {int} NOT NULL,
	sku {int} NOT NULL,
	to_location {int} NOT NULL,
	order_id {int},
	line {int},
	asked {int} NOT NULL,
	sent {int} NOT NULL,
	received {int} NOT NULL,
	over {int} NOT NULL,
	lost {int} NOT NULL,
	returned {int} NOT NULL,
	moving {int} NOT NULL CHECK (moving >= 0),
	PRIMARY KEY (rkey, transfer, n)
) {clustered};
CREATE INDEX stock_transfer_line_moving ON stock_transfer_line (sku, to_location) WHERE moving > 0;

CREATE TABLE stock_expected (
	rkey {int} NOT NULL,
	id {int} NOT NULL,
	sku {int} NOT NULL,
	location {int} NOT NULL,
	qty {int} NOT NULL,
	received {int} NOT NULL,
	due_at {int} NOT NULL,
	state {int} NOT NULL,
	PRIMARY KEY (rkey, id)
) {clustered};
CREATE INDEX stock_expected_sku ON stock_expected (rkey, sku, location) WHERE state = 1;

-- id gives the order in which they came.
CREATE TABLE stock_waiting (
	rkey {int} NOT NULL,
	id {int} NOT NULL,
	sku {int} NOT NULL,
	location {int} NOT NULL,
	record {int},
	qty {int} NOT NULL,
	joined_at {int} NOT NULL,
	offered_at {int},
	hold {int},
	state {int} NOT NULL,
	PRIMARY KEY (rkey, id)
) {clustered};
CREATE INDEX stock_waiting_sku ON stock_waiting (rkey, sku, id) WHERE state IN (1, 2);
CREATE INDEX stock_waiting_open ON stock_waiting (sku) WHERE state = 1;
CREATE INDEX stock_waiting_record ON stock_waiting (record) WHERE record IS NOT NULL;

-- low: available at or below this is low; -1 never. safety: what was last asked for (the units themselves are in the book).
CREATE TABLE stock_level (
	rkey {int} NOT NULL,
	sku {int} NOT NULL,
	location {int} NOT NULL,
	low {int} NOT NULL,
	safety {int} NOT NULL,
	PRIMARY KEY (rkey, sku, location)
) {clustered};

-- How a location is run. hold_us: how long a hold lasts of which nobody says it. return_to: the state in which what comes back stands.
-- elsewhere: 1 when its stock is kept in another system, and only reports and imports change it here.
CREATE TABLE stock_place (
	location {int} NOT NULL PRIMARY KEY,
	hold_us {int} NOT NULL,
	return_to {int} NOT NULL,
	elsewhere {int} NOT NULL
) {rows};
