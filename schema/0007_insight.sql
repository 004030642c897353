-- insight: stored views of orders. Nothing here is truth; byname rebuild makes it anew.

-- One row an order or return that counts. revision: the order's revision that these figures are of.
CREATE TABLE sale (
	rkey {int} NOT NULL,
	record {int} NOT NULL, -- 0: nobody
	order_id {int} NOT NULL,
	revision {int} NOT NULL,
	kind {int} NOT NULL, -- 1 sale, 2 return
	day {int} NOT NULL, -- the store's local day
	at {int} NOT NULL,
	store {int} NOT NULL,
	associate {int} NOT NULL,
	channel {int} NOT NULL,
	currency {text} NOT NULL,
	net_minor {int} NOT NULL, -- ≥ 0
	full_minor {int} NOT NULL, -- of it sold at list price or above
	units {int} NOT NULL,
	PRIMARY KEY (rkey, record, order_id)
) {clustered};
CREATE INDEX sale_day ON sale (currency, day, store, channel, record, kind, net_minor, full_minor, units, at);

-- Units bought minus units returned, and when last bought.
CREATE TABLE bought (
	rkey {int} NOT NULL,
	record {int} NOT NULL,
	sku {int} NOT NULL,
	n {int} NOT NULL,
	last_at {int} NOT NULL,
	PRIMARY KEY (rkey, record, sku)
) {clustered};

-- Units of a currency for one US dollar, in millionths.
CREATE TABLE rate (
	currency {text} NOT NULL,
	day {int} NOT NULL,
	micro_per_usd {int} NOT NULL,
	PRIMARY KEY (currency, day)
) {clustered};
