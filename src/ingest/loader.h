/* The writing half of an import, in a thread of its own: while it writes one load the next one is read and parsed. */
#ifndef BYNAME_INGEST_LOADER_H
#define BYNAME_INGEST_LOADER_H

#include "base/mem.h"
#include "ingest/import.h"

#define LOAD_DOCS 4000 /* parsed messages of one load, at most */

/* Where the import stands after an item, should a transaction end there. */
struct mark {
	bool set;
	struct place at;
	int64_t bytes, lines;
};

/* What one transaction takes in, and where the import stands after it. */
struct load {
	struct arena *a;
	struct item *items;
	struct mark *marks; /* of each item; unset: the next one belongs to it */
	int count;
	struct json *docs[LOAD_DOCS];
	int doc_count;
	struct place from, next;
	int64_t bytes, lines;        /* at next */
	struct ingest_counts counts; /* out */
	int64_t took_us;             /* out */
	int64_t job;
	struct item_batch batch;
};
/* items: room for so many. NULL: memory. */
struct load *load_new(int items);
void load_reset(struct load *l);
void load_free(struct load *l);

struct loader;
MUST_CHECK enum result loader_new(struct db *db, struct loader **out, struct error *e);
/* Starts writing it; only when nothing else is under way. It belongs to the loader until loader_wait(). */
void loader_give(struct loader *w, struct load *l);
/* Waits until what is under way is written. *done: that load, NULL when there was none or it failed. */
MUST_CHECK enum result loader_wait(struct loader *w, struct load **done, struct error *e);
void loader_free(struct loader *w); /* after what is under way; NULL is fine */

#endif
