/* Inside feed/ only: reading the feed, and the positions of stored views. */
#ifndef BYNAME_FEED_INTERNAL_H
#define BYNAME_FEED_INTERNAL_H

#include "feed/feed.h"

#define FEED_BATCH_MAX 512 /* events that a handler gets at once */

static inline int position_cmp(struct feed_position a, struct feed_position b)
{
	if (a.xid != b.xid)
		return a.xid < b.xid ? -1 : 1;
	return a.id < b.id ? -1 : a.id > b.id;
}

/* At most limit events after `after`, below the horizon. *reached: up to where nothing more can come: the last of them
 * when the batch is full, else the horizon. */
MUST_CHECK enum result feed_read(struct db_tx *tx, struct feed_position after, size_t limit, struct feed_event *events,
                                 size_t *count, struct feed_position *reached, struct error *e);

/* Makes the rows that hold the views' positions, and mends positions after a restore into another cluster. */
MUST_CHECK enum result positions_prepare(struct db *db, const struct feed_stored *const *stored, size_t count,
                                         struct error *e);
MUST_CHECK enum result position_get(struct db_tx *tx, const char *view, struct feed_position *out, struct error *e);
/* Guarded: *moved is false when another process was first; the caller then does nothing in this transaction. */
MUST_CHECK enum result position_move(struct db_tx *tx, const char *view, struct feed_position from,
                                     struct feed_position to, bool *moved, struct error *e);

/* One step of a stored view: reads a batch after its position and applies it together with the move. */
struct stored_step {
	const struct feed_stored *view;
	size_t limit;                  /* in: events to take, 1 to FEED_BATCH_MAX */
	bool settle;                   /* in: write the position even when no event was the view's */
	struct feed_position at, seen; /* in and out: position stored, and how far beyond it nothing was the view's */
	size_t read, applied;          /* out: events read, and given to the view */
	int64_t took_us;               /* out: length of the transaction */
	struct feed_event events[FEED_BATCH_MAX];
};
MUST_CHECK enum result stored_step_run(struct db *db, struct stored_step *s, struct error *e);

/* The newest row that is committed; 0/0: none. */
MUST_CHECK enum result feed_newest(struct db_tx *tx, struct feed_position *out, struct error *e);

/* What all stored views that this process runs on db have seen; 0/0 when it runs none. */
struct feed_position feeds_stored_reached(const struct db *db);

/* Wakes every feed of this process (after a commit that appended). */
void feeds_wake(void *unused);

#endif
