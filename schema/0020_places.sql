-- Where something happened, for the screens of one store; 0: nowhere, or everywhere.
ALTER TABLE feed ADD COLUMN place {int} NOT NULL DEFAULT 0;

-- What was sent and is not known to have arrived: of a store, and of all of them.
CREATE INDEX order_part_shipped ON order_part (location, since) WHERE shipped > 0;
CREATE INDEX order_part_shipped_anywhere ON order_part (since) WHERE shipped > 0;
