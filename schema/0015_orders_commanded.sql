-- Orders that were commanded here: what the reported order (orders, order_line) is made from. rkey: the order's bucket.
-- State numbers: src/orders/command.h.

-- version: every command raises it first, so that the commands of one order run one after the other. unplaced: the
-- lines' waiting units that are not coming, unless it is a quote. arrived_at: since when the customer stands there to fetch it.
CREATE TABLE order_book (
	rkey {int} NOT NULL,
	order_id {int} NOT NULL,
	version {int} NOT NULL,
	state {int} NOT NULL,
	number {text} NOT NULL,
	record {int},
	store {int},
	associate {int},
	channel {int} NOT NULL,
	currency {text} NOT NULL,
	policy {int} NOT NULL,
	on_account {int} NOT NULL,
	tax_included {int} NOT NULL,
	shipping_minor {int} NOT NULL,
	shipping_tax_minor {int} NOT NULL,
	placed_at {int} NOT NULL,
	updated_at {int} NOT NULL,
	events {int} NOT NULL,
	returns {int} NOT NULL,
	unplaced {int} NOT NULL CHECK (unplaced >= 0),
	arrived_at {int},
	PRIMARY KEY (rkey, order_id)
) {clustered};
CREATE INDEX order_book_unplaced ON order_book (order_id) WHERE unplaced > 0;
CREATE INDEX order_book_record ON order_book (rkey, record) WHERE record IS NOT NULL;

-- A line as it was priced, and where its units are. batch: lines that were priced together (an exchange adds one).
-- gone amounts: what cancelled and returned units took with them. coming: waiting ones that a transfer has on its way.
CREATE TABLE order_item (
	rkey {int} NOT NULL,
	order_id {int} NOT NULL,
	line {int} NOT NULL,
	batch {int} NOT NULL,
	sku {int} NOT NULL,
	title {text},
	qty {int} NOT NULL CHECK (qty > 0),
	unit_micro {int} NOT NULL,
	list_micro {int},
	tax_micro {int} NOT NULL,
	undiscounted {int} NOT NULL,
	own_micro {int} NOT NULL,
	own_minor {int} NOT NULL,
	gross_minor {int} NOT NULL,
	own_taken_minor {int} NOT NULL,
	share1_minor {int} NOT NULL,
	share2_minor {int} NOT NULL,
	share3_minor {int} NOT NULL,
	share4_minor {int} NOT NULL,
	net_minor {int} NOT NULL,
	tax_minor {int} NOT NULL,
	claw_minor {int} NOT NULL,
	cancelled_net_minor {int} NOT NULL,
	cancelled_tax_minor {int} NOT NULL,
	returned_net_minor {int} NOT NULL,
	returned_tax_minor {int} NOT NULL,
	waiting {int} NOT NULL CHECK (waiting >= 0),
	open {int} NOT NULL CHECK (open >= 0),
	picked {int} NOT NULL CHECK (picked >= 0),
	handed {int} NOT NULL CHECK (handed >= 0),
	cancelled {int} NOT NULL CHECK (cancelled >= 0),
	returned {int} NOT NULL CHECK (returned >= 0 AND returned <= handed),
	coming {int} NOT NULL CHECK (coming >= 0 AND coming <= waiting),
	PRIMARY KEY (rkey, order_id, line),
	CHECK (waiting + open + picked + handed + cancelled = qty)
) {clustered};

-- The order's discounts, as agreed, of one batch.
CREATE TABLE order_discount (
	rkey {int} NOT NULL,
	order_id {int} NOT NULL,
	batch {int} NOT NULL,
	n {int} NOT NULL,
	rate_micro {int} NOT NULL,
	amount_minor {int} NOT NULL,
	threshold_minor {int} NOT NULL,
	given {int} NOT NULL,
	PRIMARY KEY (rkey, order_id, batch, n)
) {clustered};

-- Fulfilment: units of a line that one location gives out in one way, each counted where it is. The line's picked are
-- picked and ready here, its handed are handed and shipped. n: in the order in which they were first allocated.
CREATE TABLE order_part (
	rkey {int} NOT NULL,
	order_id {int} NOT NULL,
	n {int} NOT NULL,
	line {int} NOT NULL,
	location {int} NOT NULL,
	method {int} NOT NULL,
	sku {int} NOT NULL,
	open {int} NOT NULL CHECK (open >= 0),
	picked {int} NOT NULL CHECK (picked >= 0),
	ready {int} NOT NULL CHECK (ready >= 0),
	handed {int} NOT NULL CHECK (handed >= 0),
	shipped {int} NOT NULL CHECK (shipped >= 0),
	since {int} NOT NULL,
	PRIMARY KEY (rkey, order_id, n)
) {clustered};
CREATE INDEX order_part_queue ON order_part (location, since) WHERE open + picked + ready > 0;

-- The trail: what was done, in order.
CREATE TABLE order_event (
	rkey {int} NOT NULL,
	order_id {int} NOT NULL,
	n {int} NOT NULL,
	act {int} NOT NULL,
	at {int} NOT NULL,
	kind {int} NOT NULL,
	state {int} NOT NULL,
	store {int},
	user_id {int},
	associate {int},
	units {int} NOT NULL,
	amount_minor {int} NOT NULL,
	detail {text} NOT NULL,
	PRIMARY KEY (rkey, order_id, n)
) {clustered};

-- Money taken and given back, tender by tender. amount > 0; kind 1 taken, 2 given back.
CREATE TABLE order_payment (
	rkey {int} NOT NULL,
	order_id {int} NOT NULL,
	n {int} NOT NULL,
	at {int} NOT NULL,
	act {int} NOT NULL,
	kind {int} NOT NULL,
	tender {int} NOT NULL,
	amount_minor {int} NOT NULL CHECK (amount_minor > 0),
	state {int} NOT NULL,
	as_credit {int} NOT NULL,
	reference {text},
	PRIMARY KEY (rkey, order_id, n)
) {clustered};

-- What came back, where it was received. uninspected: still in quality there.
CREATE TABLE order_return (
	rkey {int} NOT NULL,
	order_id {int} NOT NULL,
	n {int} NOT NULL,
	seq {int} NOT NULL,
	line {int} NOT NULL,
	at {int} NOT NULL,
	act {int} NOT NULL,
	location {int} NOT NULL,
	sku {int} NOT NULL,
	qty {int} NOT NULL CHECK (qty > 0),
	condition {int} NOT NULL,
	uninspected {int} NOT NULL CHECK (uninspected >= 0),
	net_minor {int} NOT NULL,
	tax_minor {int} NOT NULL,
	PRIMARY KEY (rkey, order_id, n, seq)
) {clustered};
CREATE INDEX order_return_quality ON order_return (location, at) WHERE uninspected > 0;

-- Reported returns whose sale nobody knows yet. rkey: bucket of the sale's number, folded.
CREATE TABLE order_parked (
	rkey {int} NOT NULL,
	number {text} NOT NULL,
	id {int} NOT NULL,
	at {int} NOT NULL,
	sku {int} NOT NULL,
	qty {int} NOT NULL CHECK (qty > 0),
	location {int} NOT NULL,
	condition {int} NOT NULL,
	refunded_minor {int} NOT NULL,
	tender {int} NOT NULL,
	found {int},
	PRIMARY KEY (rkey, number, id)
) {clustered};
CREATE INDEX order_parked_open ON order_parked (at, id) WHERE found IS NULL;

-- What somebody must look at: money that went back beyond what was taken.
CREATE TABLE order_review (
	rkey {int} NOT NULL,
	order_id {int} NOT NULL,
	id {int} NOT NULL,
	at {int} NOT NULL,
	kind {int} NOT NULL,
	amount_minor {int} NOT NULL,
	closed_at {int},
	PRIMARY KEY (rkey, order_id, id)
) {clustered};
CREATE INDEX order_review_open ON order_review (at, id) WHERE closed_at IS NULL;
