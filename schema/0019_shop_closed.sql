-- 1: nobody can fetch or buy there (for good, or for now); what stands there can still be sent.
ALTER TABLE store ADD COLUMN closed {int} NOT NULL DEFAULT 0;
