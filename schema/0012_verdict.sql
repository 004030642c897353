-- What people said of doubtful pairs: of each decision by hand the pairs of records that stood in person_doubt between its two sides,
-- with their scores at that time. A sample of what the scores are worth. rkey is a's; same: 1 merged, 0 kept apart. drawn: 1 when it was not a
-- doubt but a pair of one customer that the sample drew (score -2147483648: it has none).
CREATE TABLE person_verdict (
	rkey {int} NOT NULL,
	a {int} NOT NULL,
	b {int} NOT NULL,
	decision {int} NOT NULL,
	score {int} NOT NULL,
	same {int} NOT NULL,
	drawn {int} NOT NULL,
	PRIMARY KEY (rkey, a, b, decision)
) {clustered};
