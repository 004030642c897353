/* Resolving everybody at once: what the files bulk*.c share. */
#ifndef BYNAME_PEOPLE_BULK_H
#define BYNAME_PEOPLE_BULK_H

#include "people/internal.h"
#include "people/match_pairs.h"

/* All records but erased ones, in order of (rkey, id): what is written in this order is written quickly. */
struct bulk_records {
	int count;
	int64_t *ids, *updated_at, *customers; /* as they were when they were read */
};

struct bulk {
	struct db *db;
	const struct people_resolving *how;
	int threads;
	size_t memory;
	char folder[4096]; /* of temporary files; empty: where the system has them */
	struct match_model *model;
	int64_t version, xid; /* the epoch; on PostgreSQL: the transaction that made it the active one */
	struct bulk_records all;
	struct match_roll roll; /* their features */
	uint64_t unpacked;      /* bytes that these would take, ready for scoring */
	struct match_pairs pairs;
	/* records that changed while this went on; ids ascending by (rkey, id) once the tables are written */
	int64_t *changed;
	int changed_count, changed_cap;
};

void bulk_tell(const struct bulk *b, const char *phase, int64_t done, int64_t of);
/* (rkey, id): the order of the tables. */
static inline int bulk_order(int64_t x, int64_t y)
{
	unsigned p = id_bucket(x), q = id_bucket(y);

	return p != q ? (p > q) - (p < q) : (x > y) - (x < y);
}
/* Place of a record, or -1. */
int bulk_find(const struct bulk_records *all, int64_t id);
MUST_CHECK enum result bulk_changed_add(struct bulk *b, int64_t id, struct error *e);
/* ERR_BUSY "resolve.stopped" when that was asked for. */
MUST_CHECK enum result bulk_go_on(const struct bulk *b, struct error *e);
/* The same, and ERR_CONFLICT "resolve.overtaken" when another epoch is active by now. */
MUST_CHECK enum result bulk_still_active(struct db_tx *tx, const struct bulk *b, struct error *e);

/* bulk_scan.c */
MUST_CHECK enum result bulk_scan(struct bulk *b, struct error *e);
void bulk_ids_free(struct bulk_records *all);

/* bulk_write.c: person_key, person_pair, person_features become what all records and the model say, part by part: what
 * was there before is replaced in the transaction that writes what is there now. Records that others brought up to date
 * meanwhile are added to changed. */
MUST_CHECK enum result bulk_write(struct bulk *b, struct error *e);

/* bulk_changed.c: records that came, changed or went since they were read are brought up to date one by one. */
MUST_CHECK enum result bulk_catch_up(struct bulk *b, struct error *e);

#endif
