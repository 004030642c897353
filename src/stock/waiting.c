/* Who waits for a SKU: first come, first served. */
#include "stock/room.h"

#define OFFER_US (48 * HOUR_US)
#define OFFERS_MAX 100 /* entries looked at in one call */
#define PLACES_MAX 512

#define WAITING_COLS "id, sku, location, record, qty, joined_at, offered_at, hold, state"

DB_STMT(stock_waiting_select, "ii", "iiiIiiIIi",
        "SELECT " WAITING_COLS " FROM stock_waiting WHERE rkey = $1 AND id = $2")

static void waiting_take(const struct db_rows *r, struct stock_waiting *out)
{
	*out = (struct stock_waiting){ .id = db_int(r, 0),
		                       .sku = db_int(r, 1),
		                       .location = db_int(r, 2),
		                       .record = db_int(r, 3),
		                       .qty = db_int(r, 4),
		                       .joined_at = db_int(r, 5),
		                       .offered_at = db_int(r, 6),
		                       .hold = db_int(r, 7),
		                       .state = (enum waiting_state)db_int(r, 8) };
}

enum result waiting_get(struct db_tx *tx, int64_t id, struct stock_waiting *out, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	bool found;
	TRY(db_query_one(tx, &stock_waiting_select, &r, &found, e, DB_INT(id_bucket(id)), DB_INT(id)));
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "stock.not_found", "waiting", "no such waiting entry");
	waiting_take(r, out);
	return OK;
}

DB_STMT(stock_waiting_page, "iiii", "iiiIiiIIi",
        "SELECT " WAITING_COLS " FROM stock_waiting WHERE rkey = $1 AND sku = $2 AND state IN (1, 2) AND id > $3 "
        "ORDER BY id LIMIT $4")

enum result waiting_list(struct db_tx *tx, int64_t sku, int64_t after, int limit, struct stock_waiting *out, int *count,
                         struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	int n = 0;
	TRY(db_query(tx, &stock_waiting_page, &r, e, DB_INT(id_bucket(sku)), DB_INT(sku), DB_INT(after),
	             DB_INT(limit)));
	while ((step = db_next(r, e)) == DB_ROW)
		waiting_take(r, &out[n++]);
	*count = n;
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(stock_waiting_skus, "ii", "i",
        "SELECT DISTINCT sku FROM stock_waiting WHERE state = 1 AND sku > $1 ORDER BY sku LIMIT $2")

enum result waiting_skus(struct db_tx *tx, int64_t after, int limit, int64_t *out, int *count, struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	int n = 0;
	TRY(db_query(tx, &stock_waiting_skus, &r, e, DB_INT(after), DB_INT(limit)));
	while ((step = db_next(r, e)) == DB_ROW)
		out[n++] = db_int(r, 0);
	*count = n;
	return step == DB_ERR ? e->result : OK;
}

/* ---- Joining, leaving ------------------------------------------------------------------------------------------- */

DB_STMT(stock_waiting_insert, "iiiiIii", "",
        "INSERT INTO stock_waiting (rkey, id, sku, location, record, qty, joined_at, state) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, 1)")

enum result waiting_join(struct db_tx *tx, struct act *act, const struct stock_command *c, struct stock_outcome *out,
                         struct error *e)
{
	int64_t id = id_new(id_bucket(c->sku));
	struct sku s;
	bool found = false;
	if (c->sku)
		TRY(sku_get(tx, c->sku, &s, &found, e));
	if (!found)
		return error_set(e, ERR_INVALID, "stock.sku", "sku", "no such SKU");
	if (c->location)
		TRY(location_check(tx, c->location, "location", e));
	TRY(qty_check(c->qty, 1, e));
	TRY(db_exec(tx, &stock_waiting_insert, NULL, e, DB_INT(id_bucket(id)), DB_INT(id), DB_INT(c->sku),
	            DB_INT(c->location), DB_INT_OR_NULL(c->record), DB_INT(c->qty), DB_INT(act->at)));
	*out = (struct stock_outcome){ .id = id, .qty = c->qty, .state = WAITING };
	return feed_append_at(tx, FEED_STOCK, c->record, c->sku, c->location, e);
}

DB_STMT(stock_waiting_update, "iiiiII", "",
        "UPDATE stock_waiting SET state = $4, offered_at = $5, hold = $6 WHERE rkey = $1 AND id = $2 AND state = $3")

static enum result waiting_write(struct db_tx *tx, const struct stock_waiting *w, enum waiting_state was,
                                 struct error *e)
{
	int64_t changed;
	TRY(db_exec(tx, &stock_waiting_update, &changed, e, DB_INT(id_bucket(w->id)), DB_INT(w->id), DB_INT(was),
	            DB_INT(w->state), DB_INT_OR_NULL(w->offered_at), DB_INT_OR_NULL(w->hold)));
	return changed ? OK : lost_race(e);
}

enum result waiting_close(struct db_tx *tx, int64_t id, enum event event, struct error *e)
{
	struct stock_waiting w;
	int64_t next;
	TRY(waiting_get(tx, id, &w, e));
	enum waiting_state was = w.state;
	TRY(state_next(THING_WAITING, was, event, &next, e));
	w.state = (enum waiting_state)next;
	return waiting_write(tx, &w, was, e);
}

enum result waiting_leave(struct db_tx *tx, struct act *act, const struct stock_command *c, struct stock_outcome *out,
                          struct error *e)
{
	struct stock_waiting w;
	int64_t next;
	TRY(waiting_get(tx, c->id, &w, e));
	TRY(state_next(THING_WAITING, w.state, EVENT_CANCEL, &next, e));
	if (w.state == WAITING_OFFERED)
		TRY(hold_release(tx, act, w.hold, out, e)); /* closes the entry, too */
	else
		TRY(waiting_close(tx, w.id, EVENT_CANCEL, e));
	*out = (struct stock_outcome){ .id = w.id, .qty = w.qty, .state = next };
	return feed_append_at(tx, FEED_STOCK, w.record, w.sku, w.location, e);
}

/* ---- Offering --------------------------------------------------------------------------------------------------- */

struct shelf {
	int64_t location, qty;
	bool spoken_for; /* somebody earlier waits for more than is here */
};

/* Where there is enough for the entry; of several the fullest. NULL, and whoever comes later waits for those places,
 * too. */
static struct shelf *shelf_for(struct shelf *shelves, int count, const struct stock_waiting *w)
{
	struct shelf *best = NULL;
	for (int i = 0; i < count; i++) {
		struct shelf *s = &shelves[i];
		if ((!w->location || s->location == w->location) && !s->spoken_for && s->qty >= w->qty &&
		    (!best || s->qty > best->qty))
			best = s;
	}
	for (int i = 0; i < count && !best && !MUTANT(MUTANT_WAIT_SKIPS); i++)
		if (!w->location || shelves[i].location == w->location)
			shelves[i].spoken_for = true;
	return best;
}

static enum result shelves_load(struct db_tx *tx, int64_t sku, struct shelf *out, int *count, struct error *e)
{
	struct ledger_balance *b;
	int balances, n = 0;
	TRY(ledger_balances(tx, BOOK_UNITS, sku, false, db_tx_arena(tx), &b, &balances, e));
	for (int i = 0; i < balances && n < PLACES_MAX; i++)
		if (b[i].account == UNIT_AVAILABLE)
			out[n++] = (struct shelf){ b[i].place, b[i].qty, false };
	*count = n;
	return OK;
}

DB_STMT(stock_waiting_first, "iii", "iiiIiiIIi",
        "SELECT " WAITING_COLS " FROM stock_waiting WHERE rkey = $1 AND sku = $2 AND state IN (1, 2) AND state = 1 "
        "ORDER BY id LIMIT $3")

static enum result waiting_open(struct db_tx *tx, int64_t sku, int limit, struct stock_waiting *out, int *count,
                                struct error *e)
{
	DB_ROWS_AUTO struct db_rows *r = NULL;
	enum db_step step;
	int n = 0;
	TRY(db_query(tx, &stock_waiting_first, &r, e, DB_INT(id_bucket(sku)), DB_INT(sku), DB_INT(limit)));
	while ((step = db_next(r, e)) == DB_ROW)
		waiting_take(r, &out[n++]);
	*count = n;
	return step == DB_ERR ? e->result : OK;
}

static enum result offer(struct db_tx *tx, struct act *act, struct stock_waiting *w, struct shelf *s, int64_t until,
                         struct error *e)
{
	struct stock_command c = {
		.sku = w->sku, .location = s->location, .qty = w->qty, .record = w->record, .at = until
	};
	struct stock_outcome out;
	int64_t next;
	TRY(state_next(THING_WAITING, w->state, EVENT_OFFER, &next, e));
	/* The entry first: of two servers that offer the second finds it taken. */
	w->state = (enum waiting_state)next;
	w->offered_at = act->at;
	TRY(waiting_write(tx, w, WAITING, e));
	TRY(hold_place(tx, act, &c, w->id, &out, e));
	w->hold = out.id;
	s->qty -= w->qty;
	return waiting_write(tx, w, WAITING_OFFERED, e);
}

enum result waiting_offer(struct db_tx *tx, int64_t sku, int64_t offer_us, int *offered, struct error *e)
{
	struct stock_waiting *list = arena_array(db_tx_arena(tx), OFFERS_MAX, sizeof(*list));
	struct shelf *shelves = arena_array(db_tx_arena(tx), PLACES_MAX, sizeof(*shelves));
	int count, places, n = 0;
	struct act act = { 0 };
	*offered = 0;
	if (!list || !shelves)
		return error_nomem(e);
	TRY(waiting_open(tx, sku, OFFERS_MAX, list, &count, e));
	if (!count)
		return OK;
	TRY(shelves_load(tx, sku, shelves, &places, e));
	for (int i = 0; i < count; i++) {
		struct shelf *s = shelf_for(shelves, places, &list[i]);
		if (!s)
			continue;
		if (!n++)
			TRY(act_own(tx, "stock.offer", &act, e));
		enum result r = offer(tx, &act, &list[i], s, act.at + (offer_us ? offer_us : OFFER_US), e);
		if (r == ERR_CONFLICT) /* sold between reading and holding: the same again */
			return lost_race(e);
		TRY(r);
	}
	*offered = n;
	return n ? act_end(tx, &act, NULL, 0, e) : OK;
}
