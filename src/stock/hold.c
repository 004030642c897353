/* Holds: units set aside until a time. */
#include "stock/room.h"

DB_STMT(stock_hold_select, "ii", "iiIIiiiiiiI",
        "SELECT sku, location, record, associate, qty, placed, placed_at, until, updated_at, state, waiting "
        "FROM stock_hold WHERE rkey = $1 AND id = $2")

enum result hold_get(struct db_tx *tx, int64_t id, struct stock_hold *out, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &stock_hold_select, &r, &found, e, DB_INT(id_bucket(id)), DB_INT(id)));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "stock.not_found", "hold", "no such hold");
	*out = (struct stock_hold){ .id = id,
		                    .sku = db_int(r, 0),
		                    .location = db_int(r, 1),
		                    .record = db_int(r, 2),
		                    .associate = db_int(r, 3),
		                    .qty = db_int(r, 4),
		                    .placed = db_int(r, 5),
		                    .placed_at = db_int(r, 6),
		                    .until = db_int(r, 7),
		                    .updated_at = db_int(r, 8),
		                    .state = (enum hold_state)db_int(r, 9),
		                    .waiting = db_int(r, 10) };
	return OK;
}

/* Who writes the row first waits for nobody after it: read in a new statement, it stays as it is until the commit. */
DB_STMT(stock_hold_touch, "iii", "", "UPDATE stock_hold SET updated_at = $3 WHERE rkey = $1 AND id = $2")

static enum result hold_lock(struct db_tx *tx, const struct act *act, int64_t id, struct stock_hold *out,
                             struct error *e)
{
	TRY(db_exec(tx, &stock_hold_touch, NULL, e, DB_INT(id_bucket(id)), DB_INT(id), DB_INT(act->at)));
	return hold_get(tx, id, out, e);
}

DB_STMT(stock_hold_update, "iiiii", "",
        "UPDATE stock_hold SET qty = $3, until = $4, state = $5 WHERE rkey = $1 AND id = $2")

static enum result hold_write(struct db_tx *tx, const struct stock_hold *h, struct error *e)
{
	return db_exec(tx, &stock_hold_update, NULL, e, DB_INT(id_bucket(h->id)), DB_INT(h->id), DB_INT(h->qty),
	               DB_INT(h->until), DB_INT(h->state));
}

static enum result hold_announce(struct db_tx *tx, const struct stock_hold *h, struct error *e)
{
	return feed_append_at(tx, FEED_STOCK, h->record, h->sku, h->location, e);
}

/* ---- Placing ---------------------------------------------------------------------------------------------------- */

DB_STMT(stock_hold_insert, "iiiiIIiiiiiiI", "",
        "INSERT INTO stock_hold (rkey, id, sku, location, record, associate, qty, placed, placed_at, until, "
        "updated_at, "
        "state, waiting) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)")

static enum result until_check(int64_t at, int64_t now, struct error *e)
{
	if (at <= now || at > now + HOLD_LONGEST)
		return error_set(e, ERR_INVALID, "stock.until", "until", "in the future, at most %d days on",
		                 (int)(HOLD_LONGEST / DAY_US));
	return OK;
}

enum result hold_place(struct db_tx *tx, struct act *act, const struct stock_command *c, int64_t waiting,
                       struct stock_outcome *out, struct error *e)
{
	TRY(place_check(tx, c->sku, c->location, e));
	TRY(qty_check(c->qty, 1, e));
	int64_t until = c->at;
	if (!until) {
		struct stock_place p;
		TRY(place_get(tx, c->location, &p, e));
		until = act->at + p.hold_us;
	}
	TRY(until_check(until, act->at, e));
	struct stock_hold h = {
		.id = id_new(id_bucket(c->sku)), .sku = c->sku, .record = c->record, .state = HOLD_OPEN
	};
	struct ledger_move m = unit_move(c->sku, c->location, UNIT_AVAILABLE, UNIT_HELD, c->qty, REASON_HOLD);
	m.hold = h.id;
	TRY(unit_post(tx, act, &m, 1, e));
	TRY(db_exec(tx, &stock_hold_insert, NULL, e, DB_INT(id_bucket(h.id)), DB_INT(h.id), DB_INT(c->sku),
	            DB_INT(c->location), DB_INT_OR_NULL(c->record), DB_INT_OR_NULL(act->associate), DB_INT(c->qty),
	            DB_INT(c->qty), DB_INT(act->at), DB_INT(until), DB_INT(act->at), DB_INT(HOLD_OPEN),
	            DB_INT_OR_NULL(waiting)));
	*out = (struct stock_outcome){ .id = h.id, .qty = c->qty, .state = HOLD_OPEN };
	return hold_announce(tx, &h, e);
}

enum result hold_extend(struct db_tx *tx, struct act *act, const struct stock_command *c, struct stock_outcome *out,
                        struct error *e)
{
	struct stock_hold h;
	int64_t next;
	TRY(hold_lock(tx, act, c->id, &h, e));
	TRY(state_next(THING_HOLD, h.state, EVENT_EXTEND, &next, e));
	TRY(until_check(c->at, act->at, e));
	if (c->at < h.until)
		return error_set(e, ERR_INVALID, "stock.until", "until", "a hold is only made longer");
	h.until = c->at;
	h.state = (enum hold_state)next;
	TRY(hold_write(tx, &h, e));
	*out = (struct stock_outcome){ .id = h.id, .qty = h.qty, .state = next };
	return hold_announce(tx, &h, e);
}

/* ---- Ending ----------------------------------------------------------------------------------------------------- */

enum result hold_release(struct db_tx *tx, struct act *act, int64_t id, struct stock_outcome *out, struct error *e)
{
	struct stock_hold h;
	int64_t next, qty;
	TRY(hold_lock(tx, act, id, &h, e));
	TRY(state_next(THING_HOLD, h.state, EVENT_RELEASE, &next, e));
	qty = h.qty;
	h.qty = 0;
	h.state = (enum hold_state)next;
	TRY(hold_write(tx, &h, e));
	if (h.waiting)
		TRY(waiting_close(tx, h.waiting, EVENT_CANCEL, e));
	struct ledger_move m = unit_move(h.sku, h.location, UNIT_HELD, UNIT_AVAILABLE, qty, REASON_RELEASE);
	m.hold = id;
	TRY(unit_post(tx, act, &m, 1, e));
	*out = (struct stock_outcome){ .id = id, .qty = qty, .state = next };
	return hold_announce(tx, &h, e);
}

/* No reading first: of many who take at once each sees what the others left. */
DB_STMT(stock_hold_take, "iiiiiiiii", "",
        "UPDATE stock_hold SET qty = qty - $5, state = CASE WHEN qty = $5 THEN $7 ELSE $8 END, updated_at = $9 "
        "WHERE rkey = $1 AND id = $2 AND sku = $3 AND location = $4 AND qty >= $5 AND state = $6")
DB_STMT(stock_hold_take_unasked, "iiiiiiiii", "",
        "UPDATE stock_hold SET qty = qty - CASE WHEN qty >= $5 THEN $5 ELSE 0 END, state = CASE WHEN qty = $5 "
        "OR $6 = 0 THEN $7 ELSE $8 END, updated_at = $9 WHERE rkey = $1 AND id = $2 AND sku = $3 AND location = $4")

enum result hold_take(struct db_tx *tx, struct act *act, const struct unit_line *l, struct error *e)
{
	const struct db_stmt *stmt = MUTANT(MUTANT_HOLD_TWICE) ? &stock_hold_take_unasked : &stock_hold_take;
	struct stock_hold h;
	int64_t some, all, changed;
	TRY(state_next(THING_HOLD, HOLD_OPEN, EVENT_TAKE, &some, e));
	TRY(state_next(THING_HOLD, HOLD_OPEN, EVENT_USE_UP, &all, e));
	if (MUTANT(MUTANT_HOLD_KEEPS))
		return OK;
	TRY(db_exec(tx, stmt, &changed, e, DB_INT(id_bucket(l->hold)), DB_INT(l->hold), DB_INT(l->sku),
	            DB_INT(l->location), DB_INT(l->qty), DB_INT(HOLD_OPEN), DB_INT(all), DB_INT(some),
	            DB_INT(act->at)));
	TRY(hold_get(tx, l->hold, &h, e));
	if (!changed) {
		act->broken = true;
		return error_set(e, ERR_CONFLICT, "stock.hold", "hold", "the hold is %s with %lld units%s",
		                 state_name(THING_HOLD, h.state), (long long)h.qty,
		                 h.sku == l->sku && h.location == l->location ? "" : " of another SKU or place");
	}
	if (h.waiting && h.state == HOLD_CONSUMED)
		TRY(waiting_close(tx, h.waiting, EVENT_USE_UP, e));
	return hold_announce(tx, &h, e);
}

DB_STMT(stock_hold_lapsed, "ii", "iiiiiII",
        "SELECT id, sku, location, qty, until, record, waiting FROM stock_hold WHERE state = 1 AND until <= $1 "
        "ORDER BY until, id LIMIT $2")
/* Only as it was read: one that was used or extended meanwhile is left to the next sweep. */
DB_STMT(stock_hold_expire, "iiiiii", "",
        "UPDATE stock_hold SET qty = 0, state = $5, updated_at = $6 WHERE rkey = $1 AND id = $2 AND state = 1 "
        "AND qty = $3 AND until = $4")

static enum result lapsed_load(struct db_tx *tx, int64_t now, int limit, struct stock_hold *out, int *count,
                               struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	int n = 0;
	TRY(db_query(tx, &stock_hold_lapsed, &r, e, DB_INT(now), DB_INT(limit)));
	while ((step = db_next(r, e)) == DB_ROW)
		out[n++] = (struct stock_hold){ .id = db_int(r, 0),
			                        .sku = db_int(r, 1),
			                        .location = db_int(r, 2),
			                        .qty = db_int(r, 3),
			                        .until = db_int(r, 4),
			                        .record = db_int(r, 5),
			                        .waiting = db_int(r, 6) };
	*count = n;
	return step == DB_ERR ? e->result : OK;
}

enum result hold_sweep(struct db_tx *tx, int64_t now, int limit, int *swept, struct error *e)
{
	struct stock_hold *holds = arena_array(db_tx_arena(tx), (size_t)limit + 1, sizeof(*holds));
	struct ledger_move *moves = arena_array(db_tx_arena(tx), (size_t)limit + 1, sizeof(*moves));
	int64_t next, changed;
	int count, n = 0;
	struct act act;
	*swept = 0;
	if (!holds || !moves)
		return error_nomem(e);
	TRY(lapsed_load(tx, now, limit, holds, &count, e));
	if (!count)
		return OK;
	TRY(state_next(THING_HOLD, HOLD_OPEN, EVENT_EXPIRE, &next, e));
	TRY(act_own(tx, "stock.sweep", &act, e));
	for (int i = 0; i < count; i++) {
		const struct stock_hold *h = &holds[i];
		TRY(db_exec(tx, &stock_hold_expire, &changed, e, DB_INT(id_bucket(h->id)), DB_INT(h->id),
		            DB_INT(h->qty), DB_INT(h->until), DB_INT(next), DB_INT(act.at)));
		if (!changed)
			continue;
		moves[n] = unit_move(h->sku, h->location, UNIT_HELD, UNIT_AVAILABLE, h->qty, REASON_EXPIRE);
		moves[n++].hold = h->id;
		if (h->waiting)
			TRY(waiting_close(tx, h->waiting, EVENT_EXPIRE, e));
		TRY(hold_announce(tx, h, e));
	}
	if (!MUTANT(MUTANT_EXPIRE_LOSES))
		TRY(unit_post(tx, &act, moves, n, e));
	*swept = count;
	return act_end(tx, &act, NULL, 0, e);
}

/* ---- Lists ------------------------------------------------------------------------------------------------------ */

DB_STMT(stock_hold_open_page, "iiii", "iiiiIIiiiiI",
        "SELECT id, until, sku, location, record, associate, qty, placed, placed_at, updated_at, waiting "
        "FROM stock_hold WHERE state = 1 AND (until, id) > ($1, $2) AND ($3 = 0 OR location = $3) "
        "ORDER BY until, id LIMIT $4")
DB_STMT(stock_hold_record_page, "iiiii", "iiiiIIiiiiI",
        "SELECT id, until, sku, location, record, associate, qty, placed, placed_at, updated_at, waiting "
        "FROM stock_hold WHERE record = $5 AND state = 1 AND (until, id) > ($1, $2) AND ($3 = 0 OR location = $3) "
        "ORDER BY until, id LIMIT $4")

static enum result page_take(struct db_rows *r, struct stock_hold *out, int *count, struct error *e)
{
	enum db_step step;
	int n = 0;
	while ((step = db_next(r, e)) == DB_ROW)
		out[n++] = (struct stock_hold){ .id = db_int(r, 0),
			                        .until = db_int(r, 1),
			                        .sku = db_int(r, 2),
			                        .location = db_int(r, 3),
			                        .record = db_int(r, 4),
			                        .associate = db_int(r, 5),
			                        .qty = db_int(r, 6),
			                        .placed = db_int(r, 7),
			                        .placed_at = db_int(r, 8),
			                        .updated_at = db_int(r, 9),
			                        .waiting = db_int(r, 10),
			                        .state = HOLD_OPEN };
	*count = n;
	return step == DB_ERR ? e->result : OK;
}

/* Puts what one record has among what is there, by (until, id), and cuts at the limit. */
static void page_merge(struct stock_hold *all, int *count, const struct stock_hold *more, int n, int limit)
{
	for (int i = 0; i < n; i++) {
		int k = *count;
		if (k == limit) {
			const struct stock_hold *last = &all[k - 1];
			if (last->until < more[i].until || (last->until == more[i].until && last->id < more[i].id))
				continue;
			k--;
		} else {
			++*count;
		}
		for (; k && (all[k - 1].until > more[i].until ||
		             (all[k - 1].until == more[i].until && all[k - 1].id > more[i].id));
		     k--)
			all[k] = all[k - 1];
		all[k] = more[i];
	}
}

struct pages {
	struct stock_hold *one, *out;
	int count, limit;
};

static enum result pages_take(struct db_rows *r, int run, void *arg, struct error *e)
{
	struct pages *all = arg;
	int n;
	(void)run;
	TRY(page_take(r, all->one, &n, e));
	page_merge(all->out, &all->count, all->one, n, all->limit);
	return OK;
}

enum result hold_list(struct db_tx *tx, const int64_t *records, int record_count, int64_t location, int64_t after_until,
                      int64_t after_id, int limit, struct stock_hold *out, int *count, struct error *e)
{
	if (!records) {
		DB_ROWS_AUTO struct db_rows *r = NULL;
		TRY(db_query(tx, &stock_hold_open_page, &r, e, DB_INT(after_until), DB_INT(after_id), DB_INT(location),
		             DB_INT(limit)));
		return page_take(r, out, count, e);
	}
	enum { PARAMS = 5 };
	struct db_value *v = arena_array(db_tx_arena(tx), (size_t)record_count * PARAMS + 1, sizeof(*v));
	struct pages all = { .one = arena_array(db_tx_arena(tx), (size_t)limit + 1, sizeof(*all.one)),
		             .out = out,
		             .limit = limit };
	if (!v || !all.one)
		return error_nomem(e);
	for (int i = 0; i < record_count; i++) {
		v[i * PARAMS] = DB_INT(after_until);
		v[i * PARAMS + 1] = DB_INT(after_id);
		v[i * PARAMS + 2] = DB_INT(location);
		v[i * PARAMS + 3] = DB_INT(limit);
		v[i * PARAMS + 4] = DB_INT(records[i]);
	}
	TRY(db_each(tx, &stock_hold_record_page, v, record_count, pages_take, &all, e));
	*count = all.count;
	return OK;
}
