-- What stands on the label and where a store stands; and when a balance last moved.

-- code: as it is compared (letters large, digits without leading zeros); shown: as it was given. A barcode is of one SKU, the one said last.
CREATE TABLE sku_barcode (
	code {text} NOT NULL PRIMARY KEY,
	sku {int} NOT NULL,
	shown {text} NOT NULL
) {clustered};
CREATE INDEX sku_barcode_sku ON sku_barcode (sku, shown);

-- Millionths of a degree, north and east; NULL: unknown.
ALTER TABLE store ADD COLUMN lat {int};
ALTER TABLE store ADD COLUMN lon {int};

-- 0: not since this column is there.
ALTER TABLE ledger_balance ADD COLUMN moved_at {int} NOT NULL DEFAULT 0;
