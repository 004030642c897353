/* The feed: every derived view hears of every commit, once it is certain that none before it is still to come.
 *
 * A write appends rows in its own transaction. A reader takes rows below the snapshot horizon in (xid, id) order:
 * lossless on PostgreSQL with many writers, not commit-ordered; handlers therefore re-read the truth or carry versions.
 * Two sorts of handlers: stored views (one reader in the cluster moves them; view rows and position commit together)
 * and process views (in memory, and announcements: every process reads for itself). */
#ifndef BYNAME_FEED_H
#define BYNAME_FEED_H

#include "base/clock.h"
#include "db/db.h"

/* What happened. Kept small: handlers read the rows themselves. */
enum feed_topic {
	FEED_RECORD = 1, /* a record was made or its attributes or identifiers changed; ref: 0 */
	FEED_MEMBERSHIP, /* customers were merged or split; record: any member; ref: decision id */
	FEED_TOUCHPOINT, /* ref: touchpoint id */
	FEED_ORDER,      /* an order or return was reported or changed; ref: order id */
	FEED_FACT,       /* told, marked wrong; ref: fact id */
	FEED_NOTE,       /* ref: note id */
	FEED_CONSENT,
	FEED_HOUSEHOLD, /* ref: household id */
	FEED_IMPORT,    /* an import job's progress; record: 0; ref: job id */
	FEED_ACCESS,    /* users, keys; ref: user id */
	FEED_SHOP,      /* stores, products; ref: id */
	FEED_STOCK, /* units, tasks or levels changed; record: whose hold, where it is one; ref: SKU; place: where */
	FEED_SETTLE /* what a report left for somebody to look at came up or was settled; ref: its id */
};

struct feed_event {
	int64_t xid, id;
	enum feed_topic topic;
	int64_t record; /* the record it hangs on; 0: nobody */
	int64_t ref;
	int64_t place; /* the store where it happened; 0: nowhere, or everywhere */
	int64_t at;    /* UTC microseconds of the writer's clock */
};

/* Appends an event inside the writer's transaction. */
MUST_CHECK enum result feed_append(struct db_tx *tx, enum feed_topic topic, int64_t record, int64_t ref,
                                   struct error *e);
/* The same, of what happened at a place. */
MUST_CHECK enum result feed_append_at(struct db_tx *tx, enum feed_topic topic, int64_t record, int64_t ref,
                                      int64_t place, struct error *e);

/* Position of this transaction's last append, as an opaque token that a later read may carry. 0/0 when none. */
struct feed_position {
	int64_t xid, id;
};
struct feed_position feed_tx_position(struct db_tx *tx);

/* A stored view's handler: changes view tables inside tx, for a batch of at most 512 events. Must be idempotent in the
 * sense that apply(events) after rebuild(position ≥ events) changes nothing. */
struct feed_stored {
	const char *name; /* "insight": key of its position */
	unsigned topics;  /* bits 1u << FEED_… */
	enum result (*apply)(struct db_tx *tx, const struct feed_event *events, size_t count, struct error *e);
	/* May be NULL. False: at this snapshot nobody wants to hear of anything that is committed by then, and the
	 * batch is passed over without a transaction. */
	enum result (*wanted)(struct db_tx *tx, bool *wanted, struct error *e);
};
/* A process view's handler: changes memory, publishes. Called on the feed thread, outside any transaction. */
struct feed_process {
	const char *name;
	unsigned topics;
	enum result (*apply)(void *ctx, struct db *db, const struct feed_event *events, size_t count, struct error *e);
	void *ctx;
	/* Told only when this feed's stored views have taken the events in, at most 300 ms after they were written: who
	 * hears of an event from it and reads again finds it there. */
	bool after_stored;
};

struct feed;
/* Starts the feed thread. Process views start at "now" unless from is given for them: a view that was built at a
 * position hears everything after it. Arrays are borrowed and must live on. */
MUST_CHECK enum result feed_start(struct db *db, const struct feed_stored *const *stored, size_t stored_count,
                                  const struct feed_process *process, size_t process_count, struct feed_position from,
                                  struct feed **out, struct error *e);
void feed_stop(struct feed *f);
void feed_wake(struct feed *f); /* after a local commit; cheap, coalesced */

/* The position below which everything is committed and visible, as seen by tx. Build a process view from the same tx.
 */
MUST_CHECK enum result feed_horizon(struct db_tx *tx, struct feed_position *out, struct error *e);

/* Waits until the named view (stored or process) has taken in position; at most timeout_us (≤ 500 ms). OK also after
 * the time-out: *reached tells. */
MUST_CHECK enum result feed_wait(struct feed *f, const char *view, struct feed_position position, int64_t timeout_us,
                                 bool *reached, struct error *e);

/* Waits until every view of every feed that this process runs on db has taken in all that was committed before the
 * call; at most timeout_us. OK also after the time-out: *settled tells. Without a feed it is settled at once. */
MUST_CHECK enum result feed_settle(struct db *db, int64_t timeout_us, bool *settled, struct error *e);

/* Runs stored views without a thread (command line, tests) until they have taken in all that was committed before the
 * call. ERR_BUSY "feed.horizon" when a transaction elsewhere hinders that for longer than wait_us. */
#define FEED_PATIENCE (60 * USEC)
MUST_CHECK enum result feed_drain(struct db *db, const struct feed_stored *const *stored, size_t count, int64_t wait_us,
                                  struct error *e);

/* Deletes rows that every stored view has taken in and that are older than keep_us. Chunked: call until *more is false.
 * low: where the last call ended, { 0, 0 } at first; the process keeps it between calls. */
MUST_CHECK enum result feed_prune(struct db *db, int64_t keep_us, struct feed_position *low, bool *more,
                                  struct error *e);

/* Counted from what the slowest stored view of this process has seen, where a feed runs on db: its stored position
 * stays behind while nothing is for it. */
struct feed_lag {
	int64_t rows, horizon_us; /* rows not yet taken in by the slowest stored view; age of the oldest open writer */
};
MUST_CHECK enum result feed_lag_get(struct db *db, struct feed_lag *out, struct error *e);

#endif
