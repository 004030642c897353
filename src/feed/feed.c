/* Appending to the feed and reading it below the horizon; upkeep. */
#include "feed/internal.h"
#include "base/clock.h"

#define PRUNE_CHUNK 2000     /* rows of one transaction */
#define LAG_COUNT_MAX 100000 /* the lag is not counted beyond */

/* ---- Appending --------------------------------------------------------------------------------------------------- */

/* Without RETURNING: it makes SQLite open a savepoint a row, whose release walks all that the transaction has
 * journalled so far, and makes PostgreSQL wait for each answer. */
DB_STMT(feed_insert, "iiiii", "", "INSERT INTO feed (topic, record, ref, place, at) VALUES ($1, $2, $3, $4, $5)")

enum result feed_append_at(struct db_tx *tx, enum feed_topic topic, int64_t record, int64_t ref, int64_t place,
                           struct error *e)
{
	bool **slot = (bool **)db_tx_slot(tx, DB_SLOT_FEED);
	if (!*slot) {
		bool *appended = arena_alloc(db_tx_arena(tx), sizeof *appended);
		if (!appended)
			return error_nomem(e);
		TRY(db_after_commit(tx, feeds_wake, NULL, e));
		*appended = true;
		*slot = appended;
	}
	return db_exec(tx, &feed_insert, NULL, e, DB_INT(topic), DB_INT(record), DB_INT(ref), DB_INT(place),
	               DB_INT(clock_now()));
}

enum result feed_append(struct db_tx *tx, enum feed_topic topic, int64_t record, int64_t ref, struct error *e)
{
	return feed_append_at(tx, topic, record, ref, 0, e);
}

DB_STMT(feed_own_pg, "", "ii",
        "SELECT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT), currval(pg_get_serial_sequence('feed', 'id'))")
/* One writer: the newest row is its own. */
DB_STMT(feed_own_sqlite, "", "ii", "SELECT xid, id FROM feed ORDER BY id DESC LIMIT 1")

struct feed_position feed_tx_position(struct db_tx *tx)
{
	struct feed_position none = { 0, 0 };
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	struct error e;
	bool found;
	if (!*db_tx_slot(tx, DB_SLOT_FEED))
		return none;
	/* Where this fails, so does the transaction. */
	if (db_query_one(tx, db_tx_engine(tx) == DB_POSTGRES ? &feed_own_pg : &feed_own_sqlite, &rows, &found, &e,
	                 DB_NONE) != OK ||
	    !found)
		return none;
	return (struct feed_position){ db_int(rows, 0), db_int(rows, 1) };
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

/* Writers below this transaction number have all ended. */
DB_STMT(feed_xmin_pg, "", "i", "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)")
/* One writer: what is visible is complete. -1 for an empty feed: 0/0 is "no position". */
DB_STMT(feed_last_sqlite, "", "i", "SELECT COALESCE(MAX(id), -1) FROM feed")

enum result feed_horizon(struct db_tx *tx, struct feed_position *out, struct error *e)
{
	bool pg = db_tx_engine(tx) == DB_POSTGRES, found;
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	TRY(db_query_one(tx, pg ? &feed_xmin_pg : &feed_last_sqlite, &rows, &found, e, DB_NONE));
	if (!found)
		return error_set(e, ERR_INTERNAL, "feed.horizon", NULL, "The database tells no horizon.");
	*out = pg ? (struct feed_position){ db_int(rows, 0) - 1, INT64_MAX }
	          : (struct feed_position){ 0, db_int(rows, 0) };
	return OK;
}

DB_STMT(feed_after_pg, "iiii", "iiiiiii",
        "SELECT xid, id, topic, record, ref, place, at FROM feed WHERE (xid, id) > ($1, $2) AND xid <= $3"
        " ORDER BY xid, id LIMIT $4")
DB_STMT(feed_after_sqlite, "iii", "iiiiiii",
        "SELECT xid, id, topic, record, ref, place, at FROM feed WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3")

enum result feed_read(struct db_tx *tx, struct feed_position after, size_t limit, struct feed_event *events,
                      size_t *count, struct feed_position *reached, struct error *e)
{
	struct feed_position horizon;
	TRY(feed_horizon(tx, &horizon, e));
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	if (db_tx_engine(tx) == DB_POSTGRES)
		TRY(db_query(tx, &feed_after_pg, &rows, e, DB_INT(after.xid), DB_INT(after.id), DB_INT(horizon.xid),
		             DB_INT((int64_t)limit)));
	else
		TRY(db_query(tx, &feed_after_sqlite, &rows, e, DB_INT(after.id), DB_INT(horizon.id),
		             DB_INT((int64_t)limit)));
	size_t n = 0;
	enum db_step step;
	while ((step = db_next(rows, e)) == DB_ROW && n < limit)
		events[n++] = (struct feed_event){ .xid = db_int(rows, 0),
			                           .id = db_int(rows, 1),
			                           .topic = (enum feed_topic)db_int(rows, 2),
			                           .record = db_int(rows, 3),
			                           .ref = db_int(rows, 4),
			                           .place = db_int(rows, 5),
			                           .at = db_int(rows, 6) };
	if (step == DB_ERR)
		return e->result;
	*count = n;
	if (n == limit)
		*reached = (struct feed_position){ events[n - 1].xid, events[n - 1].id };
	else
		*reached = position_cmp(horizon, after) > 0 ? horizon : after;
	return OK;
}

DB_STMT(feed_newest_pg, "", "ii", "SELECT xid, id FROM feed ORDER BY xid DESC, id DESC LIMIT 1")
DB_STMT(feed_newest_sqlite, "", "ii", "SELECT xid, id FROM feed ORDER BY id DESC LIMIT 1")

enum result feed_newest(struct db_tx *tx, struct feed_position *out, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, db_tx_engine(tx) == DB_POSTGRES ? &feed_newest_pg : &feed_newest_sqlite, &rows, &found, e,
	                 DB_NONE));
	*out = found ? (struct feed_position){ db_int(rows, 0), db_int(rows, 1) } : (struct feed_position){ 0, 0 };
	return OK;
}

/* ---- Upkeep ------------------------------------------------------------------------------------------------------ */

DB_STMT(feed_slowest, "", "ii", "SELECT xid, id FROM feed_view ORDER BY xid, id LIMIT 1")

/* The position that every stored view has passed; the horizon when there is no view. */
static enum result slowest(struct db_tx *tx, struct feed_position *out, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &feed_slowest, &rows, &found, e, DB_NONE));
	if (!found)
		return feed_horizon(tx, out, e);
	*out = (struct feed_position){ db_int(rows, 0), db_int(rows, 1) };
	return OK;
}

/* A chunk: the oldest rows after `low`. Without it PostgreSQL would walk over all the dead rows of the chunks before.
 */
DB_STMT(prune_end_pg, "iiiii", "ii",
        "SELECT xid, id FROM feed WHERE (xid, id) > ($1, $2) AND (xid, id) <= ($3, $4) ORDER BY xid, id"
        " LIMIT 1 OFFSET $5")
DB_STMT(prune_end_sqlite, "iii", "ii",
        "SELECT 0, id FROM feed WHERE id > $1 AND id <= $2 ORDER BY id LIMIT 1 OFFSET $3")
DB_STMT(feed_prune_pg, "iiiii", "", "DELETE FROM feed WHERE (xid, id) > ($1, $2) AND (xid, id) <= ($3, $4) AND at < $5")
DB_STMT(feed_prune_sqlite, "iii", "", "DELETE FROM feed WHERE id > $1 AND id <= $2 AND at < $3")

struct prune {
	int64_t before;
	struct feed_position low, next; /* next: where the chunk after this one begins */
	bool more;
};

static enum result prune_end(struct db_tx *tx, const struct prune *p, struct feed_position *end, bool *whole,
                             struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	if (db_tx_engine(tx) == DB_POSTGRES)
		TRY(db_query_one(tx, &prune_end_pg, &rows, whole, e, DB_INT(p->low.xid), DB_INT(p->low.id),
		                 DB_INT(end->xid), DB_INT(end->id), DB_INT(PRUNE_CHUNK - 1)));
	else
		TRY(db_query_one(tx, &prune_end_sqlite, &rows, whole, e, DB_INT(p->low.id), DB_INT(end->id),
		                 DB_INT(PRUNE_CHUNK - 1)));
	if (*whole)
		*end = (struct feed_position){ db_int(rows, 0), db_int(rows, 1) };
	return OK;
}

static enum result prune_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct prune *p = arg;
	struct feed_position end;
	bool whole;
	int64_t gone;
	TRY(slowest(tx, &end, e));
	TRY(prune_end(tx, p, &end, &whole, e));
	if (db_tx_engine(tx) == DB_POSTGRES)
		TRY(db_exec(tx, &feed_prune_pg, &gone, e, DB_INT(p->low.xid), DB_INT(p->low.id), DB_INT(end.xid),
		            DB_INT(end.id), DB_INT(p->before)));
	else
		TRY(db_exec(tx, &feed_prune_sqlite, &gone, e, DB_INT(p->low.id), DB_INT(end.id), DB_INT(p->before)));
	p->more = whole && gone == PRUNE_CHUNK;
	p->next = p->more ? end : p->low; /* one that is too young is looked at again */
	return OK;
}

enum result feed_prune(struct db *db, int64_t keep_us, struct feed_position *low, bool *more, struct error *e)
{
	struct prune p = { .before = clock_now() - keep_us, .low = *low };
	TRY(db_transact(db, prune_tx, &p, e));
	*low = p.next;
	*more = p.more;
	return OK;
}

DB_STMT(feed_count_pg, "iii", "i",
        "SELECT COUNT(*) FROM (SELECT 1 FROM feed WHERE (xid, id) > ($1, $2) LIMIT $3) AS late")
DB_STMT(feed_count_sqlite, "ii", "i", "SELECT COUNT(*) FROM (SELECT 1 FROM feed WHERE id > $1 LIMIT $2) AS late")
DB_STMT(feed_oldest_writer_pg, "", "I",
        "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp() - MIN(xact_start)) * 1000000 AS BIGINT)"
        " FROM pg_stat_activity WHERE backend_xid IS NOT NULL")

struct lag {
	struct feed_lag lag;
	struct feed_position seen; /* by this process */
};

static enum result lag_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct lag *l = arg;
	struct feed_lag *lag = &l->lag;
	struct feed_position all;
	bool pg = db_tx_engine(tx) == DB_POSTGRES, found;
	*lag = (struct feed_lag){ 0 };
	TRY(slowest(tx, &all, e));
	if (position_cmp(l->seen, all) > 0)
		all = l->seen;
	DB_ROWS_AUTO struct db_rows *rows = NULL, *writer = NULL;
	if (pg)
		TRY(db_query_one(tx, &feed_count_pg, &rows, &found, e, DB_INT(all.xid), DB_INT(all.id),
		                 DB_INT(LAG_COUNT_MAX)));
	else
		TRY(db_query_one(tx, &feed_count_sqlite, &rows, &found, e, DB_INT(all.id), DB_INT(LAG_COUNT_MAX)));
	lag->rows = found ? db_int(rows, 0) : 0;
	if (!pg)
		return OK;
	TRY(db_query_one(tx, &feed_oldest_writer_pg, &writer, &found, e, DB_NONE));
	if (found && db_int(writer, 0) > 0)
		lag->horizon_us = db_int(writer, 0);
	return OK;
}

enum result feed_lag_get(struct db *db, struct feed_lag *out, struct error *e)
{
	struct lag l = { .seen = feeds_stored_reached(db) };
	TRY(db_read(db, lag_tx, &l, e));
	*out = l.lag;
	return OK;
}
