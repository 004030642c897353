-- The shop: stores, associates, products and SKUs. Small tables, found by code and by id.
-- An empty text is "unknown"; provisional rows were named by a report before anybody described them.

CREATE TABLE store (
	id {int} NOT NULL PRIMARY KEY,
	code {text} NOT NULL UNIQUE,
	name {text} NOT NULL,
	zone {text} NOT NULL,
	country {text} NOT NULL,
	region {text} NOT NULL,
	city {text} NOT NULL,
	currency {text} NOT NULL,
	kind {int} NOT NULL,
	provisional {int} NOT NULL
) {rows};

CREATE TABLE associate (
	id {int} NOT NULL PRIMARY KEY,
	code {text} NOT NULL UNIQUE,
	store {int} NOT NULL,
	name {text} NOT NULL,
	provisional {int} NOT NULL
) {rows};

CREATE TABLE product (
	id {int} NOT NULL PRIMARY KEY,
	code {text} NOT NULL UNIQUE,
	title {text} NOT NULL,
	brand {text} NOT NULL,
	category {text} NOT NULL,
	subcategory {text} NOT NULL
) {rows};

-- list_minor, cost_minor: minor units of currency, -1 unknown.
CREATE TABLE sku (
	id {int} NOT NULL PRIMARY KEY,
	code {text} NOT NULL UNIQUE,
	product {int} NOT NULL,
	size {text} NOT NULL,
	colour {text} NOT NULL,
	list_minor {int} NOT NULL,
	cost_minor {int} NOT NULL,
	currency {text} NOT NULL,
	provisional {int} NOT NULL
) {rows};
CREATE INDEX sku_product ON sku (product);
