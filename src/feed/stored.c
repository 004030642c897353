/* Stored views: a position in the database that moves in the same transaction as the view's rows. Several processes may
 * try; a guarded update lets one through. */
#include "feed/internal.h"
#include "base/clock.h"
#include <time.h>

#define DRAIN_POLL_US 5000

DB_STMT(view_insert, "t", "", "INSERT INTO feed_view (name, xid, id) VALUES ($1, 0, 0) ON CONFLICT DO NOTHING")
DB_STMT(view_get, "t", "ii", "SELECT xid, id FROM feed_view WHERE name = $1")
DB_STMT(view_move, "tiiii", "", "UPDATE feed_view SET xid = $4, id = $5 WHERE name = $1 AND xid = $2 AND id = $3")

enum result position_get(struct db_tx *tx, const char *view, struct feed_position *out, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &view_get, &rows, &found, e, DB_CSTR(view)));
	if (!found)
		return error_set(e, ERR_CORRUPT, "feed.view", NULL, "The view %s has no position.", view);
	*out = (struct feed_position){ db_int(rows, 0), db_int(rows, 1) };
	return OK;
}

enum result position_move(struct db_tx *tx, const char *view, struct feed_position from, struct feed_position to,
                          bool *moved, struct error *e)
{
	int64_t changed;
	TRY(db_exec(tx, &view_move, &changed, e, DB_CSTR(view), DB_INT(from.xid), DB_INT(from.id), DB_INT(to.xid),
	            DB_INT(to.id)));
	*moved = changed == 1;
	return OK;
}

/* ---- Preparing --------------------------------------------------------------------------------------------------- */

/* Transaction numbers of another cluster: a logical restore keeps the rows and starts counting anew. */
DB_STMT(feed_foreign_pg, "", "i",
        "SELECT COUNT(*) FROM (SELECT xid FROM feed_view UNION ALL (SELECT xid FROM feed ORDER BY xid DESC LIMIT 1)) "
        "AS p"
        " WHERE xid >= CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT)")
DB_STMT(feed_forget_pg, "ii", "", "DELETE FROM feed WHERE (xid, id) <= ($1, $2)")
DB_STMT(feed_restart_pg, "", "", "UPDATE feed SET xid = 0")
DB_STMT(view_restart_pg, "", "", "UPDATE feed_view SET xid = 0, id = 0")
DB_STMT(view_slowest_pg, "", "ii", "SELECT xid, id FROM feed_view ORDER BY xid, id LIMIT 1")

/* What some view has not taken in yet comes again to all (they are idempotent), before everything that is new. */
static enum result restart_pg(struct db_tx *tx, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *rows = NULL;
	bool found;
	TRY(db_query_one(tx, &feed_foreign_pg, &rows, &found, e, DB_NONE));
	if (!found || db_int(rows, 0) == 0)
		return OK;
	DB_ROWS_AUTO struct db_rows *low = NULL;
	TRY(db_query_one(tx, &view_slowest_pg, &low, &found, e, DB_NONE));
	if (found)
		TRY(db_exec(tx, &feed_forget_pg, NULL, e, DB_INT(db_int(low, 0)), DB_INT(db_int(low, 1))));
	TRY(db_exec(tx, &feed_restart_pg, NULL, e, DB_NONE));
	return db_exec(tx, &view_restart_pg, NULL, e, DB_NONE);
}

#define LOCK_PREPARE INT64_C(0x66656564) /* "feed" */

struct prepare {
	const struct feed_stored *const *stored;
	size_t count;
};

static enum result prepare_tx(struct db_tx *tx, void *arg, struct error *e)
{
	const struct prepare *p = arg;
	TRY(db_lock(tx, LOCK_PREPARE, e));
	for (size_t i = 0; i < p->count; i++)
		TRY(db_exec(tx, &view_insert, NULL, e, DB_CSTR(p->stored[i]->name)));
	return db_tx_engine(tx) == DB_POSTGRES ? restart_pg(tx, e) : OK;
}

enum result positions_prepare(struct db *db, const struct feed_stored *const *stored, size_t count, struct error *e)
{
	struct prepare p = { stored, count };
	return db_transact(db, prepare_tx, &p, e);
}

/* ---- Stepping ---------------------------------------------------------------------------------------------------- */

struct step {
	struct stored_step *s;
	struct feed_position reached;
	size_t count; /* events for the view, packed to the front */
	bool moved, wanted;
};

static enum result step_read_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct step *st = arg;
	struct stored_step *s = st->s;
	struct feed_position at;
	TRY(position_get(tx, s->view->name, &at, e));
	if (position_cmp(at, s->at) != 0) { /* moved by another process, or the first call */
		s->at = at;
		s->seen = at;
	}
	TRY(feed_read(tx, s->seen, s->limit, s->events, &s->read, &st->reached, e));
	st->wanted = true;
	return s->view->wanted && s->read ? s->view->wanted(tx, &st->wanted, e) : OK;
}

static enum result step_apply_tx(struct db_tx *tx, void *arg, struct error *e)
{
	struct step *st = arg;
	struct stored_step *s = st->s;
	/* The move comes first: on PostgreSQL it locks the position, and a loser waits here before it has done
	 * anything. */
	TRY(position_move(tx, s->view->name, s->at, st->reached, &st->moved, e));
	if (!st->moved || st->count == 0)
		return OK;
	return s->view->apply(tx, s->events, st->count, e);
}

enum result stored_step_run(struct db *db, struct stored_step *s, struct error *e)
{
	struct step st = { .s = s };
	s->applied = 0;
	s->took_us = 0;
	TRY(db_read(db, step_read_tx, &st, e));
	for (size_t i = 0; i < s->read && st.wanted; i++)
		if (s->view->topics & (1u << s->events[i].topic))
			s->events[st.count++] = s->events[i];
	if (st.count == 0 && !(s->settle && position_cmp(st.reached, s->at) > 0)) {
		s->seen = st.reached;
		return OK;
	}
	int64_t start = clock_monotonic();
	TRY(db_transact(db, step_apply_tx, &st, e));
	s->took_us = clock_monotonic() - start;
	if (st.moved) {
		s->applied = st.count;
		s->at = st.reached;
		s->seen = st.reached;
	}
	return OK;
}

static enum result newest_tx(struct db_tx *tx, void *arg, struct error *e)
{
	return feed_newest(tx, arg, e);
}

/* A transaction that is open elsewhere on the server, even in another database, holds the horizon below what is
 * committed already: then there is nothing to read for a while, though it is not the end. */
static enum result view_drain(struct db *db, struct stored_step *s, struct feed_position newest, int64_t wait_us,
                              struct error *e)
{
	int64_t until = clock_monotonic() + wait_us;
	for (;;) {
		TRY(stored_step_run(db, s, e));
		if (s->read) {
			until = clock_monotonic() + wait_us;
			continue;
		}
		if (position_cmp(s->seen, newest) >= 0)
			break;
		if (clock_monotonic() > until)
			return error_set(e, ERR_BUSY, "feed.horizon", NULL,
			                 "A transaction elsewhere on the database server stays open: nothing after it "
			                 "can be counted yet.");
		nanosleep(&(struct timespec){ .tv_nsec = DRAIN_POLL_US * 1000 }, NULL);
	}
	s->settle = true;
	return stored_step_run(db, s, e);
}

enum result feed_drain(struct db *db, const struct feed_stored *const *stored, size_t count, int64_t wait_us,
                       struct error *e)
{
	struct feed_position newest;
	TRY(positions_prepare(db, stored, count, e));
	TRY(db_read(db, newest_tx, &newest, e));
	struct stored_step *s = mem_calloc(1, sizeof *s);
	if (!s)
		return error_nomem(e);
	enum result r = OK;
	for (size_t i = 0; i < count && r == OK; i++) {
		s->view = stored[i];
		s->at = s->seen = (struct feed_position){ 0, 0 };
		s->limit = FEED_BATCH_MAX;
		s->settle = false;
		r = view_drain(db, s, newest, wait_us, e);
	}
	mem_free(s);
	return r;
}
