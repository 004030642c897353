-- What channels tell moves stock. since: when the stock of a place began to be kept here; what was sold before it moves nothing.
ALTER TABLE stock_place ADD COLUMN since {int};

-- When a count, an opening or a file of stock last said how many there are. What happened before it and is told later is known to the shelf.
CREATE TABLE stock_told (
	rkey {int} NOT NULL,
	sku {int} NOT NULL,
	location {int} NOT NULL,
	at {int} NOT NULL,
	PRIMARY KEY (rkey, sku, location)
) {clustered};

-- Units that an order's reports have moved: to the customer, below zero from there. rkey: the order's.
CREATE TABLE order_moved (
	rkey {int} NOT NULL,
	order_id {int} NOT NULL,
	sku {int} NOT NULL,
	location {int} NOT NULL,
	qty {int} NOT NULL,
	PRIMARY KEY (rkey, order_id, sku, location)
) {clustered};
