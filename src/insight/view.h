/* Inside the room: the stored views. */
#ifndef BYNAME_INSIGHT_VIEW_H
#define BYNAME_INSIGHT_VIEW_H

#include "feed/room.h"
#include "insight/insight.h"

enum result insight_apply(struct db_tx *tx, const struct feed_event *events, size_t count, struct error *e);
enum result insight_rebuild(struct db *db, db_progress_fn *progress, void *arg, struct error *e);
enum result insight_digest(struct db *db, unsigned char out[16], struct error *e);

/* stake.c: weighs at most max doubts that were not weighed since `before`. *left: perhaps there are more. */
#define STAKES_AT_ONCE 20
enum result stakes_weigh(struct db_tx *tx, int64_t before, int max, bool *left, struct error *e);
/* Behind the feed: also those that were weighed more than a day ago. */
enum result stakes_work(struct db *db, bool *left, struct error *e);

#endif
