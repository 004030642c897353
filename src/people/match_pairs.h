/* Who shares a key with whom, and which of these pairs score: what resolving in bulk writes down. In memory up to a
 * limit, beyond it in temporary files. */
#ifndef BYNAME_PEOPLE_MATCH_PAIRS_H
#define BYNAME_PEOPLE_MATCH_PAIRS_H

#include "base/extsort.h"
#include "people/match_roll.h"

struct match_pairing {
	int holders_max; /* a key with more brings nobody together */
	int threads;     /* 0: two; the result does not depend on it, nor on memory */
	size_t memory;   /* bytes, about; 0: no limit */
	const char *folder;
	void (*progress)(void *arg, const char *phase, int64_t done, int64_t of); /* NULL allowed; from one thread */
	void *arg;
};

struct match_pairs {
	struct spool *keys; /* of each record, ascending */
	uint64_t *keys_at;
	struct extsort *by_key, *sides;
	int64_t key_count, link_count, scored, crowded; /* crowded: keys that have more than the limit's holders */
};
/* All keys of all records of the roll, which must be bound, and all pairs that reach the component threshold. Pairs
 * whose common key is crowded are found by another that they have in common. */
MUST_CHECK enum result match_pairs_make(const struct match_roll *roll, const struct match_pairing *how,
                                        struct match_pairs *out, struct error *e);
void match_pairs_free(struct match_pairs *p);

/* Record i's keys: a view, or in a. */
MUST_CHECK enum result match_pairs_keys(const struct match_pairs *p, int i, struct arena *a, const uint64_t **keys,
                                        int *count, struct error *e);
/* The caller frees what he gets: part after part, from 0 to EXTSORT_PARTS - 1.
 * Who stands under a key: ascending by the key as a signed number, then by record; a key is in one part. */
MUST_CHECK enum result match_pairs_holders(const struct match_pairs *p, int part, struct keyed **out, size_t *count,
                                           struct error *e);
/* Each pair from both of its sides, ascending by a, then b; all of one a are in one part. */
MUST_CHECK enum result match_pairs_sides(const struct match_pairs *p, int part, struct link **out, size_t *count,
                                         struct error *e);
/* All pairs, each once: a < b, ascending. */
MUST_CHECK enum result match_pairs_links(const struct match_pairs *p, struct link **out, struct error *e);

#endif
