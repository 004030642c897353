/* Inside sample.c and estimate.c: pairs by bands of scores, and what people said of some. */
#ifndef BYNAME_PEOPLE_SAMPLE_H
#define BYNAME_PEOPLE_SAMPLE_H

#include "people/internal.h"

/* Scores are thousandths of log2 of the odds: strata of two bits, and one of pairs that have no score. */
#define BAND_WIDTH 2000
#define BANDS 24
#define BAND_FROM (-20000)
#define STRATA (BANDS + 1)
#define SCORE_NONE INT32_MIN
int stratum_of(int64_t score);
int stratum_score(int i); /* where it begins */

struct frame_pair {
	int64_t a, b; /* one customer's, a < b */
	int score;    /* or SCORE_NONE */
	uint64_t hash;
};
/* What lies within a part of the database that the seed chooses, by customer and by record: large enough for shares,
 * small enough for a request. Small databases: all of it. Pairs in ascending order of their hash. */
struct frame {
	struct frame_pair *pairs;
	int count, cap;
	int64_t joined[STRATA], apart[STRATA];
	double part; /* of the database */
};
MUST_CHECK enum result frame_read(struct db_tx *tx, int64_t seed, struct frame *out, struct error *e);

/* One decision that still stands: of a doubt (the best of its pairs), or of a pair that was drawn. */
struct look {
	int64_t a, b;
	int score;
	bool same, drawn;
};
MUST_CHECK enum result looks_read(struct db_tx *tx, struct look **out, int *count, struct error *e);

#endif
