/* What the tables say of several records at once: on PostgreSQL with one way to the server and back. All results live
 * in the transaction's arena. */
#ifndef BYNAME_PEOPLE_CLOSURE_READ_H
#define BYNAME_PEOPLE_CLOSURE_READ_H

#include "people/internal.h"

/* Records that are there and not erased, in any order. */
MUST_CHECK enum result closure_nodes(struct db_tx *tx, const int64_t *ids, int count, struct holder **out, int *found,
                                     struct error *e);

/* Verified identifiers that may link, of each record at most RECORD_VALUES_MAX. */
struct own_value {
	int64_t record;
	struct value_named named;
};
MUST_CHECK enum result closure_values(struct db_tx *tx, const int64_t *ids, int count, struct own_value **out,
                                      int *found, struct error *e);

struct record_pair {
	int64_t a, b;
	int score;
};
/* Those that score at least floor; a is one of ids. */
MUST_CHECK enum result closure_pairs(struct db_tx *tx, const int64_t *ids, int count, int floor,
                                     struct record_pair **out, int *found, struct error *e);

#endif
