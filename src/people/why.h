/* Inside why.c and apart.c: two sides and what speaks for or against their being one. */
#ifndef BYNAME_PEOPLE_WHY_H
#define BYNAME_PEOPLE_WHY_H

#include "people/internal.h"
#include "people/match.h"

struct side {
	int64_t asked, customer;
	int64_t records[CUSTOMER_MEMBERS_MAX];
	struct match_record **made; /* of the first `count` */
	int count, total;           /* that are scored; all */
};

struct why {
	struct db_tx *tx;
	const struct why_how *how;
	struct side a, b;
	const struct epoch *epoch;
	int64_t left, right; /* the pair that is shown */
	int score, evidence_count, average;
	struct match_evidence evidence[MATCH_EVIDENCE_MAX];
};

/* A value of that kind, masked where it must be. */
MUST_CHECK enum result why_value(struct why *y, struct json_writer *w, const char *key, const char *kind, struct str v,
                                 struct error *e);
/* The members by (a name or null), of the open object. */
MUST_CHECK enum result why_by(struct why *y, struct json_writer *w, int64_t user, struct error *e);
bool decision_between(const struct decision_row *d, const struct side *a, const struct side *b);
/* apart.c: the value of "apart": why the two customers are not one. */
MUST_CHECK enum result apart_write(struct why *y, struct json_writer *w, struct error *e);

#endif
