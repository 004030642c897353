/* What channels tell of units, after it happened. */
#include "stock/room.h"

#include <stdlib.h>

/* ---- When the shelf was last counted ---------------------------------------------------------------------------- */

DB_STMT(stock_told_upsert, "iiii", "",
        "INSERT INTO stock_told (rkey, sku, location, at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (rkey, sku, location) DO UPDATE SET at = excluded.at WHERE stock_told.at < excluded.at")

enum result told_set(struct db_tx *tx, int64_t sku, int64_t location, int64_t at, struct error *e)
{
	return db_exec(tx, &stock_told_upsert, NULL, e, DB_INT(id_bucket(sku)), DB_INT(sku), DB_INT(location),
	               DB_INT(at));
}

struct cell {
	int64_t sku, location;
	int first, in, count; /* of what was told; those that come in stand first */
	int64_t counted;      /* 0: never */
	const struct stock_place *place;
};

static enum result counted_take(struct db_rows *r, int run, void *arg, struct error *e)
{
	struct cell *cells = arg;
	enum db_step step = db_next(r, e);
	cells[run].counted = step == DB_ROW ? db_int(r, 0) : 0;
	return step == DB_ERR ? e->result : OK;
}

DB_STMT(stock_told_select, "iii", "i", "SELECT at FROM stock_told WHERE rkey = $1 AND sku = $2 AND location = $3")

static enum result counted_load(struct db_tx *tx, struct cell *cells, int count, struct error *e)
{
	enum { PARAMS = 3 };
	struct db_value *v = arena_array(db_tx_arena(tx), (size_t)count * PARAMS + 1, sizeof(*v));
	if (!v)
		return error_nomem(e);
	for (int i = 0; i < count; i++) {
		v[i * PARAMS] = DB_INT(id_bucket(cells[i].sku));
		v[i * PARAMS + 1] = DB_INT(cells[i].sku);
		v[i * PARAMS + 2] = DB_INT(cells[i].location);
	}
	return db_each(tx, &stock_told_select, v, count, counted_take, cells, e);
}

/* ---- Cells ------------------------------------------------------------------------------------------------------ */

static int told_cmp(const void *a, const void *b)
{
	const struct unit_told *x = a, *y = b;
	if (x->sku != y->sku)
		return x->sku < y->sku ? -1 : 1;
	if (x->location != y->location)
		return x->location < y->location ? -1 : 1;
	if ((x->qty > 0) != (y->qty > 0)) /* what comes in first: what goes out may be that */
		return x->qty > 0 ? 1 : -1;
	return (x->order > y->order) - (x->order < y->order);
}

static int place_cmp(const void *key, const void *entry)
{
	int64_t location = *(const int64_t *)key;
	const struct stock_place *p = entry;
	return (location > p->location) - (location < p->location);
}

static enum result cells_make(struct db_tx *tx, struct unit_told *told, int count, struct cell **out, int *cells,
                              struct error *e)
{
	struct arena *a = db_tx_arena(tx);
	struct stock_place *places;
	struct cell *list = arena_array(a, (size_t)count + 1, sizeof(*list));
	int place_count, n = 0;
	if (!list)
		return error_nomem(e);
	TRY(places_kept(tx, a, &places, &place_count, e));
	qsort(told, (size_t)count, sizeof(*told), told_cmp);
	for (int i = 0; i < count; i++) {
		const struct unit_told *t = &told[i];
		if (!n || list[n - 1].sku != t->sku || list[n - 1].location != t->location)
			list[n++] = (struct cell){ .sku = t->sku, .location = t->location, .first = i };
		list[n - 1].count++;
		list[n - 1].in += t->qty < 0;
	}
	for (int i = 0; i < n; i++) {
		list[i].place = place_count ? bsearch(&list[i].location, places, (size_t)place_count, sizeof(*places),
		                                      place_cmp)
		                            : NULL;
		if (!list[i].place)
			return error_set(e, ERR_INTERNAL, "stock.place", "location", "no stock is kept there");
	}
	*out = list;
	*cells = n;
	return counted_load(tx, list, n, e);
}

/* ---- Moves ------------------------------------------------------------------------------------------------------ */

/* A count is of what stands on the shelf: what came back and is not looked at yet was not counted. */
static bool shelf_knows(const struct cell *c, const struct unit_told *t, int shelf)
{
	return t->passed_on || (shelf == UNIT_AVAILABLE && t->at < c->counted);
}

static struct ledger_move move_of(const struct act *act, const struct cell *c, const struct unit_told *t)
{
	int shelf = t->returned ? c->place->return_to : UNIT_AVAILABLE;
	bool known = shelf_knows(c, t, shelf), out = t->qty > 0;
	enum unit_reason reason = t->passed_on  ? REASON_PASSED_ON
	                          : known       ? REASON_LATE
	                          : t->returned ? REASON_RETURN
	                          : t->shipped  ? REASON_SHIP
	                                        : REASON_SALE;
	shelf = known ? UNIT_ADJUST : shelf;
	struct ledger_move m = unit_move(t->sku, t->location, out ? shelf : UNIT_CUSTOMER, out ? UNIT_CUSTOMER : shelf,
	                                 out ? t->qty : -t->qty, reason);
	m.order = t->order;
	m.at = t->at && t->at < act->at ? t->at : act->at;
	if (out && !known) {
		m.spill = UNIT_ADJUST;
		m.spill_reason = REASON_UNRECORDED;
	}
	return m;
}

static enum result cell_post(struct db_tx *tx, struct act *act, const struct cell *c, const struct unit_told *told,
                             struct error *e)
{
	struct ledger_move *moves = arena_array(db_tx_arena(tx), (size_t)c->count + 1, sizeof(*moves));
	int64_t missed = 0;
	if (!moves)
		return error_nomem(e);
	for (int i = 0; i < c->count; i++)
		moves[i] = move_of(act, c, &told[c->first + i]);
	for (int from = 0, n; from < c->count; from += n) {
		int to = from < c->in ? c->in : c->count;
		n = to - from < LEDGER_MOVES_MAX ? to - from : LEDGER_MOVES_MAX;
		TRY(ledger_post(tx, &unit_book, act, moves + from, n, e));
	}
	for (int i = 0; i < c->count; i++)
		missed += moves[i].spilled;
	if (!missed || c->place->elsewhere) /* who cannot count here waits for the next file */
		return OK;
	return count_need(tx, act, c->sku, c->location, REASON_UNRECORDED, missed, NULL, e);
}

/* Cell by cell: everybody who posts takes balances in this order. */
enum result units_told(struct db_tx *tx, struct unit_told *told, int count, struct error *e)
{
	struct act act;
	struct cell *cells = NULL;
	int n = 0;
	if (!count)
		return OK;
	for (int i = 0; i < count; i++)
		if (!told[i].qty || told[i].qty > LEDGER_QTY_MAX || told[i].qty < -LEDGER_QTY_MAX)
			return error_set(e, ERR_INTERNAL, "stock.qty", "qty", "not a number of units");
	TRY(act_own(tx, "stock.told", &act, e));
	TRY(cells_make(tx, told, count, &cells, &n, e));
	for (int i = 0; i < n; i++) {
		TRY(cell_post(tx, &act, &cells[i], told, e));
		TRY(feed_append_at(tx, FEED_STOCK, 0, cells[i].sku, cells[i].location, e));
	}
	return act_end(tx, &act, NULL, 0, e);
}

/* ---- Files of stock --------------------------------------------------------------------------------------------- */

static int say_cmp(const void *a, const void *b)
{
	const struct stock_say *x = a, *y = b;
	if (x->sku != y->sku)
		return x->sku < y->sku ? -1 : 1;
	if (x->location != y->location)
		return x->location < y->location ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* The newest of each cell. */
static int says_newest(struct stock_say *says, int count)
{
	int n = 0;
	qsort(says, (size_t)count, sizeof(*says), say_cmp);
	for (int i = 0; i < count; i++) {
		if (n && says[n - 1].sku == says[i].sku && says[n - 1].location == says[i].location)
			n--;
		says[n++] = says[i];
	}
	return n;
}

struct said_places {
	struct stock_place *list;
	int count;
};

/* Begins to keep the place's stock when it was not. */
static enum result said_place(struct db_tx *tx, const struct act *act, struct said_places *p, int64_t location,
                              const struct stock_place **out, struct error *e)
{
	for (int i = 0; i < p->count; i++)
		if (p->list[i].location == location) {
			*out = &p->list[i];
			return OK;
		}
	struct stock_place *fresh = &p->list[p->count];
	TRY(location_check(tx, location, "location", e));
	TRY(place_get(tx, location, fresh, e));
	TRY(place_begin(tx, act, fresh, e));
	p->count++;
	*out = fresh;
	return OK;
}

static enum result said_post(struct db_tx *tx, struct act *act, const struct stock_say *s,
                             const struct stock_place *place, struct error *e)
{
	int64_t there, left = 0;
	TRY(ledger_held_at(tx, BOOK_UNITS, s->sku, s->location, ON_SHELF, s->at, &there, e));
	TRY(told_set(tx, s->sku, s->location, s->at, e));
	if (s->qty > there) {
		struct ledger_move m =
		        unit_move(s->sku, s->location, UNIT_ADJUST, UNIT_AVAILABLE, s->qty - there, REASON_FILE);
		m.at = s->at;
		return unit_post(tx, act, &m, 1, e);
	}
	if (s->qty < there)
		TRY(shelf_short(tx, act, s->sku, s->location, there - s->qty, REASON_FILE, s->at, &left, e));
	return left && !place->elsewhere ? count_need(tx, act, s->sku, s->location, REASON_FILE, left, NULL, e) : OK;
}

enum result stock_says(struct db_tx *tx, struct stock_say *says, int count, struct error *e)
{
	struct arena *a = db_tx_arena(tx);
	struct act act;
	struct cell *cells = arena_array(a, (size_t)count + 1, sizeof(*cells));
	struct said_places places = { .list = arena_array(a, (size_t)count + 1, sizeof(*places.list)) };
	if (!cells || !places.list)
		return error_nomem(e);
	TRY(act_own(tx, "stock.file", &act, e));
	int n = says_newest(says, count);
	for (int i = 0; i < n; i++) {
		TRY(place_check(tx, says[i].sku, says[i].location, e));
		TRY(qty_check(says[i].qty, 0, e));
		says[i].at = says[i].at && says[i].at < act.at ? says[i].at : act.at;
		cells[i] = (struct cell){ .sku = says[i].sku, .location = says[i].location };
	}
	TRY(counted_load(tx, cells, n, e));
	for (int i = 0; i < n; i++) {
		const struct stock_place *place;
		if (says[i].at < cells[i].counted)
			continue;
		TRY(said_place(tx, &act, &places, says[i].location, &place, e));
		TRY(said_post(tx, &act, &says[i], place, e));
	}
	return act_end(tx, &act, NULL, 0, e);
}
