-- Households that nobody told us of: what records share with others of one home (the family's name and address, or its
-- phone, e-mail or card), by record and the other way round. kind: enum home_kind.
CREATE TABLE person_home (
	rkey {int} NOT NULL,
	record {int} NOT NULL,
	kind {int} NOT NULL,
	hkey {int} NOT NULL,
	PRIMARY KEY (rkey, record, kind, hkey)
) {clustered};
CREATE TABLE person_home_record (
	hkey {int} NOT NULL,
	record {int} NOT NULL,
	PRIMARY KEY (hkey, record)
) {clustered};
