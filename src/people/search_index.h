/* The search's inner side: what search_index.c, search_keep.c and search_query.c share. */
#ifndef BYNAME_PEOPLE_SEARCH_INDEX_H
#define BYNAME_PEOPLE_SEARCH_INDEX_H

#include "people/search_doc.h"
#include <pthread.h>

#define SEGMENTS_MAX 60

/* What readers see: replaced as a whole. */
struct view {
	atomic_int refs;
	int count;
	struct segment *segments[SEGMENTS_MAX]; /* largest first */
};

/* Ids of stores or associates as small numbers (0: none, or too many). */
struct numbering {
	int64_t *ids; /* open addressing */
	uint16_t *numbers;
	size_t size, count;
};

/* Customers who are, or were, mostly served by one associate. */
struct clients {
	int64_t *customers;
	uint32_t count, cap;
};

struct scratch; /* a query's work space, kept for the next one */

struct search {
	struct db *db;
	search_standing_fn *standing;
	pthread_mutex_t write;   /* who changes segments, the view or numberings */
	pthread_mutex_t publish; /* short: the view's pointer, numberings, the pool of scratches */
	pthread_cond_t work;     /* with write: something for the keeper to do */
	struct view *view;
	struct numbering stores, associates;
	struct clients *clients; /* by the associate's number; with publish */
	size_t clients_cap;
	struct scratch *pool;
	atomic_bool ready, stop;
	bool keeper_started, fill; /* fill: standings are to be read */
	pthread_t keeper;
	const struct segment *busy[2]; /* what the keeper is merging: others leave it alone */
};

struct view *view_get(struct search *s);
void view_put(struct view *v);
uint16_t numbering_find(const struct numbering *n, int64_t id);

/* Under write: puts the docs (ascending, distinct customers; gone: customers without a doc any more) in place of what
 * was. */
MUST_CHECK enum result search_replace(struct search *s, struct segment *fresh, const int64_t *gone, int count,
                                      struct error *e);
/* Under write: merges small segments at once; leaves large ones to the keeper. */
MUST_CHECK enum result search_tidy(struct search *s, struct error *e);
/* Sets the standing where the customer stands now. Under write. */
void search_standing_set(struct search *s, int64_t customer, const struct search_standing *st);
void *search_keeper(void *search); /* the thread */

void scratch_free(struct scratch *c);

#endif
