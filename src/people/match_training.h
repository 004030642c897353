/* What the files of training share. */
#ifndef BYNAME_PEOPLE_MATCH_TRAINING_H
#define BYNAME_PEOPLE_MATCH_TRAINING_H

#include "people/match_roll.h"

/* ---- Counting ---------------------------------------------------------------------------------------------------- */

struct run { /* the records that have one value */
	size_t from, count;
};

struct table {
	struct keyed *entries; /* (hash of the value, record) */
	size_t n;
	struct run *runs;
	size_t run_count;
	double same; /* probability that two entries have one value */
};
/* Sorts the entries into runs. */
MUST_CHECK enum result table_index(struct table *t, struct error *e);
void table_free(struct table *t);
const struct match_word *word_find(const struct match_record *rec, enum word_sort sort, uint64_t hash);

/* Adds to the model the kinds that occur and terms, from some records in their order, and shared values, from all. */
MUST_CHECK enum result count_terms(struct match_model *m, struct match_record **records, int count,
                                   const struct match_roll *roll, int threads, struct match_counts *c, struct error *e);
MUST_CHECK enum result count_shared(struct match_model *m, const struct match_roll *roll, int threads,
                                    struct match_counts *c, struct error *e);
/* The keys that too many of all records have. The roll must be bound to the model. */
MUST_CHECK enum result count_crowded(struct match_model *m, const struct match_roll *roll, int threads, size_t memory,
                                     const char *folder, struct error *e);

/* ---- All of it --------------------------------------------------------------------------------------------------- */

/* match_train() for who may have more records than memory; memory: 0 for no limit. The roll is bound to the model at
 * the end. */
MUST_CHECK enum result match_train_roll(struct match_roll *roll, const struct match_training *t, size_t memory,
                                        const char *folder, struct match_model **out, struct error *e);

#endif
