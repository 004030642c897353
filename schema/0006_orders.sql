-- Orders and returns as reported. An order's id lies in the bucket of its record (nobody's: of its source and number).

CREATE TABLE orders (
	rkey {int} NOT NULL,
	id {int} NOT NULL,
	record {int} NOT NULL,
	kind {int} NOT NULL,
	state {int} NOT NULL,
	source {text} NOT NULL,
	number {text} NOT NULL,
	store {int},
	associate {int},
	channel {int} NOT NULL,
	placed_at {int} NOT NULL,
	said_at {int} NOT NULL,
	updated_at {int} NOT NULL,
	currency {text} NOT NULL,
	net_minor {int} NOT NULL,
	tax_minor {int} NOT NULL,
	extra_tax_minor {int} NOT NULL,
	discount_minor {int} NOT NULL,
	extra_discount_minor {int} NOT NULL,
	shipping_minor {int} NOT NULL,
	total_minor {int} NOT NULL,
	total_told {int} NOT NULL,
	full_minor {int} NOT NULL,
	revision {int} NOT NULL,
	line_count {int} NOT NULL,
	superseded_by {int},
	PRIMARY KEY (rkey, id)
) {clustered};
CREATE INDEX orders_record ON orders (rkey, record, placed_at);

-- title: only where it is not the catalogue's. share: the line's part of the order's own discount.
CREATE TABLE order_line (
	rkey {int} NOT NULL,
	order_id {int} NOT NULL,
	line {int} NOT NULL,
	line_key {text},
	sku {int},
	title {text},
	qty {int} NOT NULL,
	unit_micro {int} NOT NULL,
	list_micro {int},
	discount_minor {int} NOT NULL,
	share_minor {int} NOT NULL,
	tax_minor {int} NOT NULL,
	net_minor {int} NOT NULL,
	original_number {text},
	original_line_key {text},
	PRIMARY KEY (rkey, order_id, line)
) {clustered};

-- (source, kind, number) to the order that stands; found by number alone too. rkey: bucket of the folded number.
-- key: hash128(source, kind, number).
CREATE TABLE order_ref (
	rkey {int} NOT NULL,
	folded {text} NOT NULL,
	key {blob} NOT NULL,
	order_id {int} NOT NULL,
	PRIMARY KEY (rkey, folded, key)
) {clustered};

CREATE TABLE order_revision (
	rkey {int} NOT NULL,
	order_id {int} NOT NULL,
	revision {int} NOT NULL,
	at {int} NOT NULL,
	difference {text} NOT NULL,
	PRIMARY KEY (rkey, order_id, revision)
) {clustered};
