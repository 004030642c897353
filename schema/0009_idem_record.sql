-- The record that a stored answer is about, where it holds what was written about a person: it goes with the person.

ALTER TABLE idem ADD COLUMN record {int};
CREATE INDEX idem_record ON idem (record) WHERE record IS NOT NULL;
