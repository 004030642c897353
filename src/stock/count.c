/* Counts: a task for a place, a number without having seen ours, the difference booked. */
#include "stock/room.h"

#define COUNT_OLDEST (7 * DAY_US) /* a sheet of paper may lie so long before somebody enters it */

#define COUNT_COLS                                                                                                     \
	"id, sku, location, opened_at, closed_at, reason, state, hint, counted, expected, difference, short_qty"

DB_STMT(stock_count_select, "ii", "iiiiIiiiIIII", "SELECT " COUNT_COLS " FROM stock_count WHERE rkey = $1 AND id = $2")

static void count_take(const struct db_rows *r, struct stock_count *out)
{
	*out = (struct stock_count){ .id = db_int(r, 0),
		                     .sku = db_int(r, 1),
		                     .location = db_int(r, 2),
		                     .opened_at = db_int(r, 3),
		                     .closed_at = db_int(r, 4),
		                     .reason = (enum unit_reason)db_int(r, 5),
		                     .state = (enum count_state)db_int(r, 6),
		                     .hint = db_int(r, 7),
		                     .counted = db_int(r, 8),
		                     .expected = db_int(r, 9),
		                     .difference = db_int(r, 10),
		                     .short_qty = db_int(r, 11) };
}

enum result count_get(struct db_tx *tx, int64_t id, struct stock_count *out, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &stock_count_select, &r, &found, e, DB_INT(id_bucket(id)), DB_INT(id)));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "stock.not_found", "count", "no such count");
	count_take(r, out);
	return OK;
}

DB_STMT(stock_count_tasks, "iii", "iiiiIiiiIIII",
        "SELECT " COUNT_COLS " FROM stock_count WHERE state IN (1, 2) AND id > $2 AND ($1 = 0 OR location = $1) "
        "ORDER BY id LIMIT $3")

enum result count_tasks(struct db_tx *tx, int64_t location, int64_t after, int limit, struct stock_count *out,
                        int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	int n = 0;
	TRY(db_query(tx, &stock_count_tasks, &r, e, DB_INT(location), DB_INT(after), DB_INT(limit)));
	while ((step = db_next(r, e)) == DB_ROW)
		count_take(r, &out[n++]);
	*count = n;
	return step == DB_ERR ? e->result : OK;
}

/* ---- Tasks ------------------------------------------------------------------------------------------------------ */

DB_STMT(stock_count_hint, "iiii", "",
        "UPDATE stock_count SET hint = hint + $4 WHERE rkey = $1 AND sku = $2 AND location = $3 AND state IN (1, 2)")
DB_STMT(stock_count_insert, "iiiiiii", "",
        "INSERT INTO stock_count (rkey, id, sku, location, opened_at, reason, state, hint) "
        "VALUES ($1, $2, $3, $4, $5, $6, 1, $7) ON CONFLICT DO NOTHING")
DB_STMT(stock_count_task_id, "iii", "i",
        "SELECT id FROM stock_count WHERE rkey = $1 AND sku = $2 AND location = $3 AND state IN (1, 2)")

enum result count_need(struct db_tx *tx, const struct act *act, int64_t sku, int64_t location, enum unit_reason reason,
                       int64_t hint, int64_t *id, struct error *e)
{
	int64_t changed, fresh = id_new(id_bucket(sku));
	if (MUTANT(MUTANT_NO_TASK) && !id)
		return OK;
	TRY(db_exec(tx, &stock_count_hint, &changed, e, DB_INT(id_bucket(sku)), DB_INT(sku), DB_INT(location),
	            DB_INT(hint)));
	if (!changed) {
		TRY(db_exec(tx, &stock_count_insert, &changed, e, DB_INT(id_bucket(sku)), DB_INT(fresh), DB_INT(sku),
		            DB_INT(location), DB_INT(act->at), DB_INT(reason), DB_INT(hint)));
		if (!changed)
			return lost_race(e);
		if (id)
			*id = fresh;
		return OK;
	}
	if (!id)
		return OK;
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &stock_count_task_id, &r, &found, e, DB_INT(id_bucket(sku)), DB_INT(sku),
	                 DB_INT(location)));
	if (!found)
		return lost_race(e);
	*id = db_int(r, 0);
	return OK;
}

enum result count_open(struct db_tx *tx, struct act *act, const struct stock_command *c, struct stock_outcome *out,
                       struct error *e)
{
	int64_t id = 0;
	TRY(place_check(tx, c->sku, c->location, e));
	TRY(count_need(tx, act, c->sku, c->location, REASON_COUNT, 0, &id, e));
	*out = (struct stock_outcome){ .id = id, .state = COUNT_OPEN };
	return feed_append_at(tx, FEED_STOCK, 0, c->sku, c->location, e);
}

/* As hold_lock(). */
DB_STMT(stock_count_touch, "ii", "", "UPDATE stock_count SET hint = hint WHERE rkey = $1 AND id = $2")

static enum result count_lock(struct db_tx *tx, int64_t id, struct stock_count *out, struct error *e)
{
	TRY(db_exec(tx, &stock_count_touch, NULL, e, DB_INT(id_bucket(id)), DB_INT(id)));
	return count_get(tx, id, out, e);
}

DB_STMT(stock_count_update, "iiiIIIII", "",
        "UPDATE stock_count SET state = $3, closed_at = $4, counted = $5, expected = $6, difference = $7, short_qty = "
        "$8 "
        "WHERE rkey = $1 AND id = $2")

static enum result count_write(struct db_tx *tx, const struct stock_count *c, bool entered, struct error *e)
{
	return db_exec(tx, &stock_count_update, NULL, e, DB_INT(id_bucket(c->id)), DB_INT(c->id), DB_INT(c->state),
	               DB_INT_OR_NULL(c->closed_at), entered ? DB_INT(c->counted) : DB_NULL,
	               entered ? DB_INT(c->expected) : DB_NULL, entered ? DB_INT(c->difference) : DB_NULL,
	               entered ? DB_INT(c->short_qty) : DB_NULL);
}

enum result count_cancel(struct db_tx *tx, struct act *act, const struct stock_command *c, struct stock_outcome *out,
                         struct error *e)
{
	struct stock_count k;
	int64_t next;
	TRY(count_lock(tx, c->id, &k, e));
	TRY(state_next(THING_COUNT, k.state, EVENT_CANCEL, &next, e));
	bool entered = k.state == COUNT_SHORT;
	k.state = (enum count_state)next;
	k.closed_at = act->at;
	TRY(count_write(tx, &k, entered, e));
	*out = (struct stock_outcome){ .id = k.id, .state = next };
	return feed_append_at(tx, FEED_STOCK, 0, k.sku, k.location, e);
}

/* ---- Entering --------------------------------------------------------------------------------------------------- */

enum result shelf_short(struct db_tx *tx, struct act *act, int64_t sku, int64_t location, int64_t missing,
                        enum unit_reason reason, int64_t at, int64_t *left, struct error *e)
{
	static const int give[] = { UNIT_AVAILABLE, UNIT_SAFETY };
	struct ledger_move moves[2];
	int n = 0;
	for (size_t i = 0; i < sizeof(give) / sizeof(*give) && missing; i++) {
		int64_t there, take;
		TRY(ledger_balance(tx, BOOK_UNITS, sku, location, give[i], &there, e));
		take = there < missing ? there : missing;
		if (take > 0) {
			moves[n] = unit_move(sku, location, give[i], UNIT_ADJUST, take, reason);
			moves[n++].at = at;
		}
		missing -= take > 0 ? take : 0;
	}
	*left = missing;
	enum result r = unit_post(tx, act, moves, n, e);
	return r == ERR_CONFLICT ? lost_race(e) : r; /* sold between reading and taking: the same again */
}

enum result count_enter(struct db_tx *tx, struct act *act, const struct stock_command *c, struct stock_outcome *out,
                        struct error *e)
{
	struct stock_count k;
	int64_t at = c->at ? c->at : act->at, next;
	TRY(qty_check(c->qty, 0, e));
	if (at > act->at || at < act->at - COUNT_OLDEST)
		return error_set(e, ERR_INVALID, "stock.counted_at", "at", "in the last %d days",
		                 (int)(COUNT_OLDEST / DAY_US));
	TRY(count_lock(tx, c->id, &k, e));
	TRY(state_next(THING_COUNT, k.state, EVENT_ENTER, &next, e));
	TRY(kept_here(tx, act, k.location, e));
	TRY(told_set(tx, k.sku, k.location, at, e));
	TRY(ledger_held_at(tx, BOOK_UNITS, k.sku, k.location, ON_SHELF, MUTANT(MUTANT_COUNT_STALE) ? act->at : at,
	                   &k.expected, e));
	k.counted = c->qty;
	k.difference = k.counted - k.expected;
	k.short_qty = 0;
	if (k.difference > 0) {
		struct ledger_move m =
		        unit_move(k.sku, k.location, UNIT_ADJUST, UNIT_AVAILABLE, k.difference, REASON_COUNT);
		TRY(unit_post(tx, act, &m, 1, e));
	} else if (k.difference < 0) {
		TRY(shelf_short(tx, act, k.sku, k.location, -k.difference, REASON_COUNT, 0, &k.short_qty, e));
	}
	if (k.short_qty)
		TRY(state_next(THING_COUNT, k.state, EVENT_ENTER_SHORT, &next, e));
	k.state = (enum count_state)next;
	k.closed_at = k.short_qty ? 0 : act->at;
	TRY(count_write(tx, &k, true, e));
	*out = (struct stock_outcome){
		.id = k.id, .qty = k.difference, .state = next, .expected = k.expected, .open = k.short_qty
	};
	return feed_append_at(tx, FEED_STOCK, 0, k.sku, k.location, e);
}
