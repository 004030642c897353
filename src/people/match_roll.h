/* All records' features at once: ready for scoring where they fit into memory, else as bytes (match_pack.c), in memory
 * or in a temporary file, read when they are needed. */
#ifndef BYNAME_PEOPLE_MATCH_ROLL_H
#define BYNAME_PEOPLE_MATCH_ROLL_H

#include "base/tempfile.h"
#include "people/match_inside.h"

struct match_roll {
	int count;
	struct match_record **records; /* NULL: they are read */
	struct spool *packed;          /* NULL: records is all there is */
	uint64_t *at;                  /* of each record: where in packed */
	uint64_t *order;               /* of each record: its order; with packed only */
	const struct match_model *model;
	struct arena **arenas; /* of records that match_roll_unpack() made */
	int arena_count;
};

/* Record i, bound to the roll's model if it has one. It lives as long as the arena, or the roll. Thread-safe. */
MUST_CHECK enum result match_roll_get(const struct match_roll *roll, int i, struct arena *a, struct match_record **out,
                                      struct error *e);
static inline uint64_t match_roll_order(const struct match_roll *roll, int i)
{
	return roll->order ? roll->order[i] : roll->records[i]->order;
}
/* Whoever is read from now on is bound to this model (NULL: to none); those in memory are at once. */
MUST_CHECK enum result match_roll_bind(struct match_roll *roll, const struct match_model *m, int threads,
                                       struct error *e);
/* Makes records of all bytes. */
MUST_CHECK enum result match_roll_unpack(struct match_roll *roll, int threads, struct error *e);
/* Forgets the records; the bytes stay. */
void match_roll_pack(struct match_roll *roll);
void match_roll_free(struct match_roll *roll); /* records too if match_roll_unpack() made them, but not the model */

/* Calls work for pieces of all records, on several threads. */
#define ROLL_PARTS 64
struct roll_part {
	const struct match_roll *roll;
	int part, from, to;
	void *arg;
};
MUST_CHECK enum result match_roll_each(const struct match_roll *roll, int threads,
                                       enum result (*work)(const struct roll_part *p, struct error *e), void *arg,
                                       struct error *e);

#endif
